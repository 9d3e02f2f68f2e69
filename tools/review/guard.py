"""Refuses requests of other sites' pages: a browser lets them reach this machine's loopback."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_NAMES = ("127.0.0.1", "localhost")
HTTP_PORT = 80
"""Browsers leave this port out of Host and Origin."""

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Guard:
    """Refuses requests under a foreign name (DNS rebinding) and those that another site's page sends (CSRF)."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.hosts = {f"{name}:{port}" for name in OWN_NAMES}
        if port == HTTP_PORT:
            self.hosts.update(OWN_NAMES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope["method"], Headers(scope=scope))
        if refusal is not None:
            await PlainTextResponse(refusal + "\n", status_code=403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def refusal(self, method: str, headers: Headers) -> str | None:
        """Why the request is not answered, or None."""
        host = headers.get("host", "")
        if host not in self.hosts:
            return f"This review answers to {' and '.join(sorted(self.hosts))} only, not to {host!r}."
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{own}" for own in self.hosts}:
            return f"This review takes nothing from pages of {origin}."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "This review takes nothing from other sites' pages."
        if method not in ("GET", "HEAD") and headers.get("content-type", "").partition(";")[0] != "application/json":
            return "Changes are sent as application/json."
        return None
