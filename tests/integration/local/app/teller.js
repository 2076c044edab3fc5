// Returns what it is given; throws, sleeps or ends, if told so.
exports.handler = async (event) => {
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep * 1000));
  if (event.fail) throw new TypeError(event.fail);
  if (event.throw) throw event.throw;
  if ("exit" in event) process.exit(event.exit);
  return event;
};

// Throws before it returns a promise.
exports.plain = (event) => {
  throw new RangeError(event.fail);
};
