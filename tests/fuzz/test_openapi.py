"""Whatever the API's own description allows, and much it does not, meets no internal error."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from requests.auth import AuthBase
from schemathesis import GenerationMode

from enigm.faces.http.problem import MEDIA_TYPE
from tests.support.journey import Journey, Person
from tests.support.service import running_service, settings_of_tests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

EXAMPLES = 4
# A registration is kilobytes of patterned text: slow to draw, and right so.
SUPPRESSED = [
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
]
WAIT_SECONDS = 30


class LiveService:
    """A service on a loopback port, in a thread with a loop of its own."""

    def __init__(self, folder: Any) -> None:
        self.ready: Future[str] | Any = threading.Event()
        self.address = ""
        self.journey: Journey | None = None
        self.person: Person | None = None
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.ready.wait(WAIT_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT_SECONDS)
        self._loop.close()

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        async with running_service(settings_of_tests(self._folder)) as running:
            config = uvicorn.Config(
                running.service,  # type: ignore[arg-type]
                port=0,
                lifespan="off",
                log_config=None,
                access_log=False,
            )
            server = uvicorn.Server(config)
            serving = asyncio.ensure_future(server._serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            self.address = f"http://127.0.0.1:{port}"
            self.journey = running.journey
            self.person = await running.journey.register()
            self.ready.set()
            await self._stop.wait()
            server.should_exit = True
            await serving


class SignedByDevice(AuthBase):
    """Signs a request as it leaves, so that examples get past the door."""

    def __init__(self, live: LiveService) -> None:
        self._live = live

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        from enigm.wire.request_signature import SignedRequest, sign_request

        journey, person = self._live.journey, self._live.person
        assert journey is not None
        assert person is not None
        body: Any = request.body or b""
        content = body.encode() if isinstance(body, str) else bytes(body)
        authorization = f"Bearer {person.session}"
        path = (request.path_url or "/").partition("?")[0]
        signed = sign_request(
            SignedRequest(request.method or "GET", path, authorization, content),
            person.device.signing,
            device_id=person.device.device_id,
            created=journey.clock.now_seconds(),
            nonce=journey.entropy.random_bytes(16),
        )
        request.headers.update({"Authorization": authorization} | signed)
        return request


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with LiveService(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_meets_an_internal_error(live: LiveService, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{live.address}/openapi/openapi.json")
    auth = SignedByDevice(live)
    session = requests.Session()
    met: set[int] = set()
    for operation in (result.ok() for result in schema.get_all_operations()):
        if operation.path == "/accounts/v1/account":
            continue
        if mode.is_negative and not (operation.body or operation.path_parameters):
            continue
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            suppress_health_check=SUPPRESSED,
            database=None,
        )
        @given(case=strategy)
        def check(case: Any) -> None:
            answer = case.call(session=session, auth=auth, timeout=WAIT_SECONDS)
            met.add(answer.status_code)
            assert answer.status_code < 500, (case.path, answer.content)
            if answer.status_code >= 400:
                assert answer.headers["content-type"][0] == MEDIA_TYPE
                assert answer.json()["code"] != "internal"

        check()
    assert met & {200, 201, 400, 401, 403, 404, 422}
