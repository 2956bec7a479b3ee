"""What /health and /ready answer, for people, load balancers and container platforms.

Health asks whether restarting the process would help: it is 200 as long as the supervisor lives, whatever the components
do, because a component that fails is started again by it. Readiness asks whether everything configured is running now.
A component that an error in the configuration removed is named in both and fails neither, as the rest runs without it.
"""

from http import HTTPStatus

import msgspec

from flumepy.monitor.contract import Monitored


def health(application: Monitored) -> tuple[HTTPStatus, bytes]:
    """Return status and JSON body of /health."""
    is_supervising = application.is_supervising
    components = {
        title: {"state": "started"} if reason is None else {"state": "not started", "reason": reason}
        for title, reason in application.states.items()
    }
    body = {
        "status": "running" if is_supervising else "stopped",
        "components": components,
        "removed": application.dropped,
    }
    return HTTPStatus.OK if is_supervising else HTTPStatus.SERVICE_UNAVAILABLE, msgspec.json.encode(body)


def readiness(application: Monitored) -> tuple[HTTPStatus, bytes]:
    """Return status and JSON body of /ready."""
    is_ready = application.is_ready
    waiting = {title: reason for title, reason in application.states.items() if reason is not None}
    body = {"ready": is_ready, "not_started": waiting, "removed": application.dropped}
    return HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, msgspec.json.encode(body)
