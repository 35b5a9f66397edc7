"""A world to test in: an AWS account on the loopback, with CloudFormation as it behaves, faults, and virtual time."""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from s3ap_ops.testing import moto_backends, services
from s3ap_ops.testing.clock import Clock
from s3ap_ops.testing.cloudformation.api import answer as cloudformation_answer
from s3ap_ops.testing.cloudformation.change_sets import ChangeSets
from s3ap_ops.testing.cloudformation.drift import Detection
from s3ap_ops.testing.cloudformation.stacks import Stack, Stacks
from s3ap_ops.testing.faults import Fault, Faults
from s3ap_ops.testing.models import session
from s3ap_ops.testing.pace import Pace
from s3ap_ops.testing.permissions import Permissions
from s3ap_ops.testing.replies import AwsError, Reply, failure, success
from s3ap_ops.testing.requests import DEFAULT_REGION, MARK, Call, Request, read_call
from s3ap_ops.testing.server import Server
from s3ap_ops.testing.services import AFTER, BEFORE, backup, fsx, guarded, interfaces, knowledge, search
from s3ap_ops.testing.state import state_of

ACCOUNT = "123456789012"
services.register()
_CURRENT: list["World"] = []
_INSIDE: dict[tuple[str, str], Any] = {}
_INSIDE_LOCK = threading.Lock()


class World:
    """One account, empty at first. Only one can be open in a process: moto keeps its state per process."""

    def __init__(self, *, seed: int = 0, port: int = 0, region: str = DEFAULT_REGION) -> None:
        self.region, self.account, self._port = region, ACCOUNT, port
        self.clock, self.pace, self.faults = Clock(), Pace(), Faults()
        self.random = random.Random(seed)
        self.latency: dict[str, float] = {}
        self.late_logs = False
        self.templates: dict[str, str] = {}  # TemplateURL -> body
        self.unassumable_roles: set[str] = set()
        # (logical id, create | update | rollback | delete) -> the reason that it fails for
        self.refusals: dict[tuple[str, str], str] = {}
        self.undetectable: dict[str, str] = {}  # logical id -> why a drift detection fails on it
        self.lag = 0  # how many looks at a stack show it as it was, when a change set has begun to be carried out
        self.validates = False  # whether change sets are checked for taken names and full buckets, as on AWS
        self.permissions: Permissions | None = None  # of whoever asks from outside; None: everything
        self.denied: list[str] = []  # what they did not cover
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        self.stacks = Stacks(self)
        self.change_sets = ChangeSets(self)
        self.detections: dict[str, Detection] = {}
        self.interfaces = interfaces.Interfaces(self)
        self.fsx, self.backup = fsx.FileSystems(self), backup.RecoveryPoints(self)
        self.knowledge, self.search = knowledge.KnowledgeBases(self), search.Search(self)
        self.guarded: dict[str, guarded.Guarded] = {}  # by physical id
        self.guarded_logs: set[str] = set()  # the names of log groups
        self.statements: dict[tuple[str, str, str], dict[str, Any]] = {}  # Athena's prepared ones
        self.generic: dict[str, dict[str, Any]] = {}  # physical id -> what stands for a resource of another type
        self.bucket_tags: dict[str, dict[str, str]] = {}
        self.page_ends: dict[tuple[str, str, str], float] = {}  # bucket, key, version at which a page of them ended
        self.owners: dict[str, str] = {}  # buckets of other accounts -> account
        self.page = 100  # rows to a page of CloudFormation's lists
        self.custom: dict[str, Callable[[str, str, dict[str, Any]], None]] = {}
        self._later: list[tuple[float, Any]] = []
        self._seed = seed
        self._server: Server | None = None
        self._session: boto3.Session | None = None
        self.clock.listen(self.tick)

    # -- life

    def __enter__(self) -> "World":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "World":
        """The world, listening. Raises RuntimeError when another one is open in this process."""
        if _CURRENT:
            raise RuntimeError("another World is open in this process; close it first, they would share their services")
        moto_backends.reset(self._seed, self.region)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        _CURRENT.append(self)
        self._server = Server(self, self._port)
        return self

    def stop(self) -> None:
        """Ends the server."""
        if self._server is None:
            return
        self._server.stop()
        self._server = None
        _CURRENT.remove(self)

    def serve_again(self) -> None:
        """In a child of the process that started it: the world is a copy now, and listens at an address of its own."""
        self.lock = threading.RLock()
        self._server = Server(self)

    @property
    def endpoint(self) -> str:
        """The URL for AWS_ENDPOINT_URL."""
        if self._server is None:
            raise RuntimeError("the world is not open; use it as `with World() as world:`")
        return self._server.url

    @property
    def env(self) -> dict[str, str]:
        """Environment variables that turn any AWS client to this world."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            # S3 Control puts the account before the host, a name that nobody knows; through a proxy nobody needs to
            "HTTP_PROXY": self.endpoint,
            "http_proxy": self.endpoint,
            "NO_PROXY": "",
            "no_proxy": "",
        }

    # -- clients

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client on this world whose requests do not count and never fail by a fault."""
        return self._client(service, region, Config(user_agent_extra=MARK, s3={"addressing_style": "path"}))

    def outside(self, service: str, region: str | None = None, config: Config | None = None) -> Any:
        """A boto3 client as anybody's: its requests count, and faults strike them."""
        return self._client(service, region, Config(s3={"addressing_style": "path"}).merge(config or Config()))

    def _client(self, service: str, region: str | None, config: Config) -> Any:
        if service == "s3control":  # it asks for ACCOUNT.127.0.0.1
            config = config.merge(Config(proxies={"http": self.endpoint}))
        return self.session().client(
            service, region_name=region or self.region, endpoint_url=self.endpoint, config=config
        )

    def session(self) -> boto3.Session:
        """A boto3 session with this world's credentials; its clients need `endpoint_url`."""
        if self._session is None:
            self._session = boto3.Session(
                "testing", "testing", region_name=self.region, botocore_session=_fresh_session()
            )
        return self._session

    def aws(self, service: str, region: str | None = None) -> Any:
        """A client for use inside the world: without HTTP, without faults, without a record."""
        place = (service, region or self.region)
        with _INSIDE_LOCK:
            if place not in _INSIDE:
                _INSIDE[place] = _inside_client(*place)
            return _INSIDE[place]

    def backend(self, service: str, region: str | None = None) -> Any:
        """moto's own object for a service."""
        return moto_backends.backend(service, region or self.region, self.account)

    # -- requests

    @property
    def writes(self) -> list[Request]:
        """The requests that change something, in order of arrival."""
        return [request for request in self.requests if request.write]

    def forget(self) -> None:
        """Empties the record of requests."""
        self.requests.clear()

    def fail(self, fault: Fault) -> Fault:
        """Puts a fault in force; the same object tells how often it hit."""
        return self.faults.add(fault)

    def permit(self, policy: Mapping[str, Any] | None) -> None:
        """From here on, who asks from outside may do what an identity policy grants and nothing else; None: anything.
        CloudFormation, where a stack has no role of its own, may delete what this caller may."""
        self.permissions = Permissions(policy) if policy is not None else None
        self.denied.clear()

    def refuses(self, call: Call) -> bool:
        """Whether the caller's permissions do not cover a request; which one is noted in `denied`."""
        lacking = self.permissions.refusal(call) if self.permissions else ""
        if lacking:
            self.denied.append(lacking)
        return bool(lacking)

    def handle(self, call: Call) -> Reply:
        """What the service answers, without faults and without a record."""
        with self.lock:
            try:
                return self._dispatch(call)
            except AwsError as error:
                return failure(call.model, call.service, error)

    def _dispatch(self, call: Call) -> Reply:
        if call.service == "cloudformation":
            return cloudformation_answer(self, call)
        for function in BEFORE.get((call.service, "*"), []) + BEFORE.get((call.service, call.operation), []):
            found = function(self, call)
            if isinstance(found, Reply):
                return found
            if found is not None:
                assert call.model is not None
                return success(call.model, found)
        reply = moto_backends.dispatch(call)
        for late in AFTER.get((call.service, call.operation), []):
            reply = late(self, call, reply) or reply
        return reply

    # -- stacks

    def deploy(
        self,
        name: str,
        template: dict[str, Any] | str,
        parameters: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        role_arn: str | None = None,
        protected: bool = False,
        region: str | None = None,
    ) -> str:
        """The id of a new stack, complete. Raises RuntimeError with CloudFormation's reason when creation fails."""
        with self.lock:
            stack = self.stacks.create(
                name,
                template,
                region=region or self.region,
                parameters=parameters,
                tags=tags,
                role_arn=role_arn,
                protected=protected,
            )
            self.stacks.settle(stack)
        if stack.status != "CREATE_COMPLETE":
            reasons = [f"{event.logical}: {event.reason}" for event in stack.events if event.status == "CREATE_FAILED"]
            raise RuntimeError(f"the stack {name} could not be created: {'; '.join(reasons) or stack.reason}")
        return stack.id

    def stack(self, name: str, region: str | None = None) -> Stack:
        """A stack by name (a deleted one when there is no other) or id. Raises KeyError."""
        return self.stacks.any(name, region or self.region)

    def state(self) -> dict[str, Any]:
        """Everything that is there, as comparable data without times and request ids."""
        with self.lock:
            return state_of(self)

    # -- time

    def later(self, seconds: float, action: Any) -> None:
        """Runs `action()` when so many virtual seconds have passed."""
        self._later.append((self.clock.elapsed() + seconds, action))

    def looked_at(self, call: Call, state: str) -> None:
        """Somebody looks whether a deletion is over: the time between two looks has passed, as when stacks are
        described. What the world itself asks takes no time."""
        if state == "DELETING" and not call.marked:
            self.clock.advance(self.pace.poll)

    def tick(self) -> None:
        """Lets happen what is due."""
        with self.lock:
            now = self.clock.elapsed()
            due = sorted((item for item in self._later if item[0] <= now), key=lambda item: item[0])
            self._later = [item for item in self._later if item[0] > now]
            for _, action in due:
                action()
            self.interfaces.release()
            self.stacks.tick()
            self.change_sets.tick()

    def answer_custom(self, request: str, kind: str, physical: str, properties: dict[str, Any]) -> None:
        """Does what the provider of a custom resource would: `world.custom[type](request, physical, properties)`."""
        if kind in self.custom:
            self.custom[kind](request, physical, properties)

    def name(self, stem: str = "", length: int = 12) -> str:
        """A random suffix as CloudFormation's, after `stem`; the same in every world of the same seed."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        return stem + "".join(self.random.choice(letters) for _ in range(length))


def _fresh_session() -> Any:
    import botocore.session

    found = botocore.session.Session()
    found.register_component("data_loader", session().get_component("data_loader"))  # parsed models are kept
    return found


def _inside_client(service: str, region: str) -> Any:
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, user_agent_extra=MARK)
    client = session().create_client(
        service,
        region_name=region,
        endpoint_url="http://127.0.0.1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=config,
    )
    client.meta.events.register("before-send", _send_inside)
    return client


def _send_inside(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    target = request.url.partition("://")[2].partition("/")
    call = read_call(
        request.method or "GET", f"/{target[2]}", headers, body.encode() if isinstance(body, str) else bytes(body)
    )
    reply = _CURRENT[0].handle(call)
    return AWSResponse(request.url, reply.status, _Headers(reply.headers), _Raw(reply.body))


class _Headers(dict[str, str]):
    """Names in any case, as an HTTP response has them."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


class _Raw:
    """A response body in memory, read once."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        body, self._body = self._body, b""
        yield body

    def read(self, amount: int | None = None, **_: Any) -> bytes:
        amount = len(self._body) if amount is None else amount
        found, self._body = self._body[:amount], self._body[amount:]
        return found

    def close(self) -> None:
        """Nothing to close."""
