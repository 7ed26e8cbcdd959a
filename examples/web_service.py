"""
trimtab inside a web service: an API on FastAPI that plans, applies, scales and streams the state of a fleet.

`uvicorn.run(create_app(partial(tt.connect_async, "aws", region="us-east-1"), FLEET))` serves it on an account. As a
script it asks itself each question once, on a cloud in memory: `python examples/web_service.py`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

import trimtab as tt

FLEET = tt.load_fleet(Path(__file__).parent / "virtualmin" / "fleet.yaml", env={})


def the_cloud(request: Request) -> tt.AsyncCloud:
    """The connection of this service."""
    cloud: tt.AsyncCloud = request.app.state.cloud
    return cloud


CloudOf = Annotated[tt.AsyncCloud, Depends(the_cloud)]


def create_app(connect: Callable[[], AbstractAsyncContextManager[tt.AsyncCloud]], fleet: tt.Fleet) -> FastAPI:
    """A service for one fleet, connected for as long as it runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with connect() as app.state.cloud:
            yield

    app = FastAPI(title=f"fleet {fleet.name}", lifespan=lifespan)

    @app.exception_handler(tt.errors.TrimtabError)
    async def explain(request: Request, error: Exception) -> JSONResponse:
        """Answer with what trimtab says: 409 for a refused plan, 404 for what is missing, 502 for a cloud's errors."""
        codes = {tt.errors.PlanRefused: 409, tt.errors.NotFound: 404, tt.errors.ProviderError: 502}
        code = next((code for kind, code in codes.items() if isinstance(error, kind)), 422)
        return JSONResponse({"error": type(error).__name__, "message": str(error)}, code)

    @app.get("/plan")
    async def plan(cloud: CloudOf) -> dict[str, Any]:
        """What an apply would change."""
        return (await cloud.plan(fleet)).to_dict()

    @app.post("/apply")
    async def apply(cloud: CloudOf, fingerprint: str) -> dict[str, Any]:
        """Apply the plan that was looked at, and no other."""
        planned = await cloud.plan(fleet)
        if planned.fingerprint != fingerprint:
            raise tt.errors.StalePlan("the plan has changed since; look at it again")
        return (await cloud.apply(planned, wait="accepted")).to_dict()

    @app.get("/status")
    async def status(cloud: CloudOf) -> dict[str, Any]:
        """How the fleet stands."""
        return (await cloud.status(fleet)).to_dict()

    @app.put("/groups/{name}/size")
    async def scale(cloud: CloudOf, name: str, to: int) -> dict[str, Any]:
        """Ask for so many instances."""
        group = cloud.group(name)
        await group.scale(to=to)
        return {"group": await group.name, "desired": (await group.read()).desired}

    @app.get("/watch")
    async def watch(cloud: CloudOf, looks: int | None = None, interval: float = 30) -> StreamingResponse:
        """A line of JSON for each look at the fleet, until whoever asked goes away."""

        async def lines() -> AsyncIterator[str]:
            statuses = cloud.watch(fleet).stream(timedelta(seconds=interval))
            number = 0
            async for one in statuses:
                yield json.dumps(one.to_dict()) + "\n"
                number += 1
                if number == looks:
                    return

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    return app


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, which runs in this process for as long."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://fleet") as client,
    ):
        yield client


async def main() -> None:
    """Each question once."""
    connect = partial(tt.connect_async, "memory", clock=tt.ManualClock())
    async with client_of(create_app(connect, FLEET)) as client:
        plan = (await client.get("/plan")).json()
        print("plan:", plan["summary"])
        print("apply:", (await client.post("/apply", params={"fingerprint": plan["fingerprint"]})).json()["ok"])
        print("again:", (await client.post("/apply", params={"fingerprint": plan["fingerprint"]})).json()["message"])
        print("scale:", (await client.put("/groups/web/size", params={"to": 4})).json())
        for line in (await client.get("/watch", params={"looks": 2})).text.splitlines():
            print("watch:", json.loads(line)["at"], json.loads(line)["groups"][0]["desired"])


if __name__ == "__main__":
    asyncio.run(main())
