"""The one signed request of a cold start, to a server of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sosw.aws.lambda_ import LambdaInvoker
from sosw.aws.quick_lambda import OTHER_ROUTES, QuickInvoker, Route, possible, reporter
from sosw.aws.signature import Credentials
from sosw.domain.errors import InvokeRefused, InvokeUncertain
from tests.unit.test_handler import event_for
from tests.unit.test_import_budget import HEAVY, added, modules, of

CREDENTIALS = Credentials(access_key="AKID", secret_key="secret", token="token")
LAMBDA = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}
NOTHING, CLOSED = 0, -1
MOST_MODULES = 140
"""Of an attempt and its report: measured are 130."""
ATTEMPT = """
from sosw import Worker, get_lambda_handler
class Counting(Worker):
    def __call__(self, event):
        return event["n"]
get_lambda_handler(Counting)({event}, None)
"""


class Server:
    """Answers with the statuses of `script`, then with 202; 0 is no answer, -1 a 202 that ends the connection."""

    def __init__(self, *script: int) -> None:
        self.script = list(script)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.invokers: list[QuickInvoker] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_of_test": self}))
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def route(self) -> Route:
        return Route(credentials=CREDENTIALS, region="eu-west-1", endpoint=f"http://127.0.0.1:{self.http.server_port}")

    def stop(self) -> None:
        for each in self.invokers:
            each.close()
        self.http.shutdown()
        self.http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of_test: Server

    def setup(self) -> None:
        super().setup()
        self.server_of_test.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server_of_test.got.append((self.path, dict(self.headers.items()), body))
        status = self.server_of_test.script.pop(0) if self.server_of_test.script else 202
        if status == NOTHING:
            self.close_connection = True
            return
        answer = b'{"Message": "as the test says"}' if status >= 400 else b""
        self.send_response(202 if status == CLOSED else status)
        self.send_header("Content-Length", str(len(answer)))
        if status == CLOSED:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    made: list[Server] = []
    yield made
    for server in made:
        server.stop()


def serving(servers: list[Server], *script: int) -> Server:
    servers.append(Server(*script))
    return servers[-1]


def invoker(server: Server, slept: list[float] | None = None, tries: int = 3) -> QuickInvoker:
    sleep = ([] if slept is None else slept).append
    server.invokers.append(QuickInvoker(server.route, tries=tries, sleep=sleep, jitter=lambda: 1.0))
    return server.invokers[-1]


def test_an_event_is_sent_once_as_json_signed_and_asynchronously(servers: list[Server]) -> None:
    server = serving(servers)

    invoker(server).start("arn:aws:lambda:eu-west-1:1:function:w", {"π": [1, None]})

    ((path, headers, body),) = server.got
    assert path == "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Aw/invocations"
    assert body == '{"π":[1,null]}'.encode()
    assert headers["X-Amz-Invocation-Type"] == "Event"
    assert headers["X-Amz-Security-Token"] == "token"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")


@pytest.mark.parametrize(("script", "connections"), [((), 1), ((CLOSED,), 2)])
def test_the_connection_is_kept_unless_the_server_ends_it(
    servers: list[Server], script: tuple[int, ...], connections: int
) -> None:
    server = serving(servers, *script)
    quick = invoker(server)
    for _ in range(3):
        quick.start("w", {})
    assert (len(server.got), server.connections) == (3, connections)


@pytest.mark.parametrize("status", [429, 409, 500, 503, NOTHING])
def test_what_failed_in_passing_is_sent_again_after_a_growing_pause(servers: list[Server], status: int) -> None:
    server, slept = serving(servers, status, status), list[float]()
    invoker(server, slept).start("w", {})
    assert (len(server.got), slept) == (3, [0.1, 0.2])


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_what_is_refused_for_good_is_not_sent_again(servers: list[Server], status: int) -> None:
    server = serving(servers, status)
    with pytest.raises(InvokeRefused, match="as the test says") as refused:
        invoker(server).start("w", {})
    assert (len(server.got), refused.value.is_passing) == (1, False)


@pytest.mark.parametrize(
    ("status", "error"), [(429, InvokeRefused), (500, InvokeUncertain), (NOTHING, InvokeUncertain)]
)
def test_after_the_last_try_the_error_says_whether_it_may_have_happened(
    servers: list[Server], status: int, error: type[Exception]
) -> None:
    server = serving(servers, *[status] * 3)
    with pytest.raises(error):
        invoker(server).start("w", {})
    assert len(server.got) == 3


def test_an_answer_that_is_no_json_is_told_as_it_is(servers: list[Server]) -> None:
    server = serving(servers, 302)
    with pytest.raises(InvokeRefused, match="Lambda answered 302: "):
        invoker(server).start("w", {})


def test_without_a_connection_it_certainly_did_not_happen(servers: list[Server]) -> None:
    server = serving(servers)
    server.stop()
    with pytest.raises(InvokeRefused) as refused:
        invoker(server, tries=2).start("w", {})
    servers.clear()
    assert refused.value.is_passing


def test_a_connection_that_lambda_has_ended_while_the_container_slept_is_made_anew(servers: list[Server]) -> None:
    server = serving(servers, 202, NOTHING)
    quick = invoker(server)
    quick.start("w", {"n": 1})
    quick.start("w", {"n": 2})
    assert [body for _, _, body in server.got] == [b'{"n":1}', b'{"n":2}', b'{"n":2}']


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        (LAMBDA, "https://lambda.eu-west-1.amazonaws.com"),
        (
            {**LAMBDA, "AWS_REGION": "", "AWS_DEFAULT_REGION": "us-gov-west-1"},
            "https://lambda.us-gov-west-1.amazonaws.com",
        ),
        ({**LAMBDA, "AWS_REGION": "cn-north-1"}, "https://lambda.cn-north-1.amazonaws.com.cn"),
        ({**LAMBDA, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"}, "http://127.0.0.1:4566"),
        ({**LAMBDA, "AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_LAMBDA": "http://b"}, "http://b"),
    ],
)
def test_the_environment_of_a_function_tells_the_way(environment: dict[str, str], endpoint: str) -> None:
    route = possible(environment)
    assert route
    assert route.endpoint == endpoint


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_certificates_that_are_to_be_trusted_are_those_of_the_environment(name: str) -> None:
    route = possible({**LAMBDA, name: "/none.pem"})
    assert route
    assert route.certificates == "/none.pem"
    with pytest.raises(InvokeRefused, match="FileNotFoundError"):
        QuickInvoker(route, tries=1).start("w", {})


@pytest.mark.parametrize("name", list(LAMBDA))
def test_without_credentials_or_a_region_boto3_must_find_them(name: str) -> None:
    assert possible({key: value for key, value in LAMBDA.items() if key != name}) is None


@pytest.mark.parametrize(
    "more", [{"HTTPS_PROXY": "http://p"}, {"AWS_USE_FIPS_ENDPOINT": "true"}, {"AWS_REGION": "us-iso-east-1"}]
)
def test_where_requests_go_another_way_boto3_must_find_it(more: dict[str, str]) -> None:
    assert possible({**LAMBDA, **more}) is None


def test_reports_go_the_light_way_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OTHER_ROUTES:
        monkeypatch.delenv(name, raising=False)
    for name, value in LAMBDA.items():
        monkeypatch.setenv(name, value)
    assert isinstance(reporter(3), QuickInvoker)
    monkeypatch.setenv("HTTPS_PROXY", "http://p")
    assert isinstance(reporter(3), LambdaInvoker)


def test_it_is_loaded_without_any_aws_library() -> None:
    assert of(HEAVY, modules("import sosw.aws.quick_lambda")) == []


def test_an_attempt_is_done_and_reported_within_its_budget_of_modules(servers: list[Server]) -> None:
    servers.append(Server())
    others = dict.fromkeys(OTHER_ROUTES, "")
    loaded = added(ATTEMPT.format(event=event_for(1)), **others, **LAMBDA, AWS_ENDPOINT_URL=servers[0].route.endpoint)

    assert len(servers[0].got) == 1
    assert len(loaded) <= MOST_MODULES, (len(loaded), sorted(loaded))
    assert of(HEAVY, loaded) == []
