"""A gateway's figures as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from workbench.serving.deployment import READY
from workbench.serving.front import Front
from workbench.serving.traffic import BOUNDS_MS, STAGES

_BOUNDS = (*(str(bound / 1000) for bound in BOUNDS_MS), "+Inf")


class Figures(Collector):
    """Counts since this process began, by deployment, pipeline and role."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def collect(self) -> Iterator[Metric]:
        labels = ["slug", "pipeline", "role"]
        requests = CounterMetricFamily("workbench_predict_requests", "Requests answered or refused.", labels=labels)
        rows = CounterMetricFamily("workbench_predict_rows", "Rows predicted.", labels=labels)
        errors = CounterMetricFamily("workbench_predict_errors", "Requests refused or failed.", labels=labels)
        times = HistogramMetricFamily(
            "workbench_predict_seconds", "Time of a request by stage.", labels=[*labels, "stage"]
        )
        slugs: dict[str, str] = {route.deployment.id: route.deployment.slug for route in self._front.gateway.routes}
        for (deployment_id, pipeline_id, role), counted in self._front.traffic.totals.items():
            of = [slugs.get(deployment_id, deployment_id), pipeline_id, role]
            requests.add_metric(of, counted.requests)
            rows.add_metric(of, counted.rows)
            errors.add_metric(of, counted.errors)
            for stage in STAGES:
                histogram = counted.histograms[stage]
                sums = [sum(histogram.counts[: place + 1]) for place in range(len(histogram.counts))]
                times.add_metric([*of, stage], list(zip(_BOUNDS, sums, strict=True)), histogram.sum_ms / 1000)
        yield from (requests, rows, errors, times)
        ready = GaugeMetricFamily("workbench_deployment_ready", "Whether a deployment answers.", labels=["slug"])
        for route in self._front.gateway.routes:
            is_up = route.deployment.status == READY and route.live is not None and route.live.is_up
            ready.add_metric([route.deployment.slug], float(is_up))
        yield ready
