"""The one call that leaves this machine, for each service: the real client, nothing else."""

from __future__ import annotations

import os
from typing import Any

TOKEN = "KF_PIPELINES_TOKEN"
TIMEOUT = 60.0  # seconds


def send_to_vertex(request: Any, region: str, *, transport: dict[str, Any] | None = None) -> str:
    """Sends a CreatePipelineJobRequest or CreateScheduleRequest; returns the resource's name.

    transport: of the client, in place of the region's endpoint and the user's own credentials.
    """
    from google.cloud import aiplatform_v1

    scheduled = isinstance(request, aiplatform_v1.CreateScheduleRequest)
    client_class: Any = (
        aiplatform_v1.ScheduleServiceClient if scheduled else aiplatform_v1.PipelineServiceClient
    )
    chosen = client_class.get_transport_class("rest")(
        **(transport or {"host": f"{region}-aiplatform.googleapis.com"})
    )
    client = client_class(transport=chosen)
    create = client.create_schedule if scheduled else client.create_pipeline_job
    return create(request=request, timeout=TIMEOUT).name


def send_to_kubeflow(request: Any, host: str) -> str:
    """Sends a V2beta1Run or V2beta1RecurringRun; returns its id."""
    import kfp_server_api

    configuration = kfp_server_api.Configuration(host=host.rstrip("/"))
    if token := os.environ.get(TOKEN):
        configuration.api_key["authorization"] = token
        configuration.api_key_prefix["authorization"] = "Bearer"
    with kfp_server_api.ApiClient(configuration) as client:
        if isinstance(request, kfp_server_api.V2beta1RecurringRun):
            service = kfp_server_api.RecurringRunServiceApi(client)
            made = service.recurring_run_service_create_recurring_run(
                recurring_run=request, _request_timeout=TIMEOUT
            )
            return made.recurring_run_id
        runs = kfp_server_api.RunServiceApi(client)
        return runs.run_service_create_run(run=request, _request_timeout=TIMEOUT).run_id
