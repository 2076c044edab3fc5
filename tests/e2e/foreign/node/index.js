// A function without a line of sosw's that does as its payload says, attempt by attempt: {"plan": ["throw", "return"]}.
exports.handler = async (event) => {
  const plan = event.plan || ["return"];
  const step = plan[Math.min(event.sosw ? event.sosw.attempt : 1, plan.length) - 1];
  if (step === "throw") throw new TypeError(`attempt ${event.sosw.attempt} was told to throw`);
  if (step === "give up") {
    const error = new Error("no retry can mend it");
    error.name = "NonRetryable";
    throw error;
  }
  if (step === "exit") process.exit(1);
  if (step === "kill") process.kill(process.pid, "SIGKILL");
  if (step === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
  return { step, data: event.data, attempt: event.sosw ? event.sosw.attempt : null };
};
