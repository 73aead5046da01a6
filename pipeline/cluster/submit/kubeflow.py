"""Requests to open-source Kubeflow Pipelines, made and checked here, sent elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.cluster.submit.compiled_spec import check_images, check_root
from pipeline.cluster.submit.cron import with_seconds
from pipeline.cluster.submit.schedule import KubeflowTarget, Schedule

if TYPE_CHECKING:
    import kfp_server_api

API = "/apis/v2beta1"
SCHEMES = ("gs://", "s3://")  # what TensorFlow and Beam in the containers read, too
Documents = tuple[dict[str, Any], dict[str, Any]]


def run_request(
    documents: Documents, target: KubeflowTarget, values: Mapping[str, Any], name: str
) -> kfp_server_api.V2beta1Run:
    """One run of a compiled pipeline."""
    import kfp_server_api

    return kfp_server_api.V2beta1Run(
        display_name=name, pipeline_spec=_pipeline(documents), **_common(documents, target, values)
    )


def schedule_request(
    documents: Documents, target: KubeflowTarget, schedule: Schedule
) -> kfp_server_api.V2beta1RecurringRun:
    """A recurring run. Its cron line begins with seconds and is in the time zone that Kubeflow
    Pipelines has for all of them (CRON_SCHEDULE_TIMEZONE), so it has to be that of `schedule`."""
    import kfp_server_api

    cron = kfp_server_api.V2beta1CronSchedule(cron=with_seconds(schedule.cron))
    return kfp_server_api.V2beta1RecurringRun(
        display_name=schedule.name,
        pipeline_spec=_pipeline(documents),
        mode=kfp_server_api.RecurringRunMode.ENABLE,
        trigger=kfp_server_api.V2beta1Trigger(cron_schedule=cron),
        max_concurrency=str(schedule.max_concurrent_runs),
        no_catchup=not schedule.catch_up,
        **_common(documents, target, schedule.parameters),
    )


def _pipeline(documents: Documents) -> dict[str, Any]:
    """As the SDK sends it: the spec alone, or with the platform's part."""
    spec, platform = documents
    check_images(spec)
    return {"pipeline_spec": spec, "platform_spec": platform} if platform else spec


def _common(
    documents: Documents, target: KubeflowTarget, values: Mapping[str, Any]
) -> dict[str, Any]:
    import kfp_server_api

    root = documents[0]["defaultPipelineRoot"]
    check_root(root, SCHEMES)
    runtime = kfp_server_api.V2beta1RuntimeConfig(parameters=dict(values), pipeline_root=root)
    return {
        "runtime_config": runtime,
        "experiment_id": target.experiment or None,
        "service_account": target.service_account or None,
    }


def shown(request: Any, target: KubeflowTarget) -> str:
    """What goes over the wire: method, address and body."""
    import kfp_server_api

    path = "recurringruns" if isinstance(request, kfp_server_api.V2beta1RecurringRun) else "runs"
    body = json.dumps(as_json(request), indent=2, sort_keys=True)
    return f"POST {target.host.rstrip('/')}{API}/{path}\n{body}"


def as_json(request: Any) -> dict[str, Any]:
    """A request as the JSON that the client sends."""
    import kfp_server_api

    return kfp_server_api.ApiClient().sanitize_for_serialization(request)
