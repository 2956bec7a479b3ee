"""The http monitor, asked over real sockets."""

import json
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flumepy.monitor.http import HttpMonitor
from tests.monitor.agents import FakeApplication, request, serving, three_components


@pytest.mark.parametrize(
    "path", ["/metrics", "/METRICS", "/metrics?callback=x", "/%6detrics", "/metrics;a=1", "/Metrics?"]
)
def test_metrics_are_found_under_every_spelling_that_flume_accepts(path: str) -> None:
    with serving(HttpMonitor, three_components()) as server:
        response, body = request(server, path)
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json;charset=utf-8"
    assert sorted(json.loads(body)) == ["CHANNEL.c1", "SINK.k1", "SOURCE.r1"]


@pytest.mark.parametrize("path", ["/nope", "/metrics/", "//metrics", "/metrics/x"])
def test_other_paths_are_not_found(path: str) -> None:
    with serving(HttpMonitor, three_components()) as server:
        response, body = request(server, path)
    assert response.status == 404
    assert response.headers["Cache-Control"] == "must-revalidate,no-cache,no-store"
    assert b"<h2>HTTP ERROR 404 Not Found</h2>" in body


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_every_method_is_as_good_as_get(method: str) -> None:
    with serving(HttpMonitor, three_components()) as server:
        assert request(server, "/metrics", method)[0].status == 200


def test_head_has_the_headers_and_no_body() -> None:
    with serving(HttpMonitor, FakeApplication()) as server:
        response, body = request(server, "/metrics", "HEAD")
    assert (response.status, response.headers["Content-Length"], body) == (200, "2", b"")


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/nope"])
def test_trace_and_options_are_forbidden_everywhere(method: str, path: str) -> None:
    with serving(HttpMonitor, three_components()) as server:
        response, body = request(server, path, method)
    assert (response.status, body) == (403, b"")


def test_the_root_links_to_the_metrics() -> None:
    with serving(HttpMonitor, FakeApplication()) as server:
        response, body = request(server, "/")
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html;charset=utf-8")
    assert body == b'For Flume metrics please click <a href = "./metrics"> here</a>.'


def test_the_values_are_those_of_the_moment() -> None:
    application = three_components()
    with serving(HttpMonitor, application) as server:
        application.counters["SOURCE", "r1"].event_received = 13  # type: ignore[attr-defined]
        assert json.loads(request(server, "/metrics")[1])["SOURCE.r1"]["EventReceivedCount"] == "13"


def test_prometheus_text_stands_beside_the_json() -> None:
    with serving(HttpMonitor, three_components()) as server:
        response, body = request(server, "/metrics/prometheus")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert "Flume_EventReceived" in "".join(family.name for family in text_string_to_metric_families(body.decode()))


def test_without_prometheus_client_the_page_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "flumepy.monitor.prometheus_text", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with serving(HttpMonitor, three_components()) as server:
        response, body = request(server, "/metrics/prometheus")
    assert response.status == 501
    assert b"pip install 'flumepy[prometheus]'" in body


def test_health_names_the_state_of_each_component_and_stays_well() -> None:
    application = FakeApplication(states={"Source r1": None, "Sink k1": "port in use"}, dropped=["a1.sinks.k2"])
    with serving(HttpMonitor, application) as server:
        response, body = request(server, "/health")
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json;charset=utf-8")
    assert json.loads(body) == {
        "status": "running",
        "components": {"Source r1": {"state": "started"}, "Sink k1": {"state": "not started", "reason": "port in use"}},
        "removed": ["a1.sinks.k2"],
    }


def test_health_fails_when_nobody_supervises() -> None:
    with serving(HttpMonitor, FakeApplication(is_supervising=False)) as server:
        response, body = request(server, "/health")
    assert (response.status, json.loads(body)["status"]) == (503, "stopped")


def test_ready_says_what_is_not_started_and_why() -> None:
    application = FakeApplication(states={"Source r1": "port in use", "Channel c1": None})
    with serving(HttpMonitor, application) as server:
        response, body = request(server, "/ready")
        assert response.status == 503
        assert json.loads(body) == {"ready": False, "not_started": {"Source r1": "port in use"}, "removed": []}
        application.states["Source r1"] = None
        response, body = request(server, "/ready")
        assert (response.status, json.loads(body)["ready"]) == (200, True)
