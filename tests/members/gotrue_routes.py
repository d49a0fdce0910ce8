"""The stand-in's paths: GoTrue's, as far as our client walks them."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.members.gotrue import PREFIX, SERVICE, SHORTEST, GoTrue, Refusal, User, shown


@dataclass
class Routes:
    """All of them over one server."""

    server: GoTrue

    async def token(self, request: web.Request) -> web.Response:
        body = await request.json()
        if request.query["grant_type"] == "refresh_token":
            return web.json_response(self.server.refresh(body["refresh_token"]))
        user = self.server.users.get(body["email"])
        if user is None or user.password is None or user.password != body["password"]:
            raise Refusal(400, "invalid_credentials", "Invalid login credentials")
        if user.banned:
            raise Refusal(400, "user_banned", "User is banned")
        if not user.confirmed:
            raise Refusal(400, "email_not_confirmed", "Email not confirmed")
        return web.json_response(self.server.begin(user))

    async def logout(self, request: web.Request) -> web.Response:
        user, session = self.server.whose(request)
        if request.query.get("scope") == "local":
            del self.server.sessions[session]
        else:
            self.server.revoke(user.email)
        return web.Response(status=204)

    async def recover(self, request: web.Request) -> web.Response:
        user = self.server.users.get((await request.json())["email"])
        if user is not None:
            self.server.mail("recovery", user, request.query.get("redirect_to", ""))
        return web.json_response({})

    async def verify(self, request: web.Request) -> web.Response:
        body = await request.json()
        kind, user = self.server.parts.pop(body["token_hash"], ("", User("")))
        if kind != body["type"] or user.banned:
            raise Refusal(403, "otp_expired", "Email link is invalid or has expired")
        user.confirmed = True
        return web.json_response(self.server.begin(user))

    async def invite(self, request: web.Request) -> web.Response:
        user = _invited(self.server, request, await request.json())
        self.server.mail("invite", user, request.query.get("redirect_to", ""))
        return web.json_response(shown(user))

    async def generate_link(self, request: web.Request) -> web.Response:
        body = await request.json()
        user = _invited(self.server, request, body)
        hashed = self.server.part(body["type"], user)
        properties = {
            "action_link": f"{self.server.issuer}/verify?token={hashed}&type={body['type']}",
            "email_otp": "123456", "hashed_token": hashed, "redirect_to": "http://site.example",
            "verification_type": body["type"],
        }  # fmt: skip
        return web.json_response(shown(user) | properties)

    async def user(self, request: web.Request) -> web.Response:
        return web.json_response(shown(self.server.whose(request)[0]))

    async def change_user(self, request: web.Request) -> web.Response:
        known, session = self.server.whose(request)
        password = (await request.json())["password"]
        if known.second_factor:
            raise Refusal(401, "insufficient_aal", "AAL2 session is required to update password")
        if len(password) < SHORTEST or password == "leaked by the thousands":
            reasons = {"reasons": ["pwned" if len(password) >= SHORTEST else "length"]}
            message = "Password is known to be weak and easy to guess, please choose a different."
            raise Refusal(422, "weak_password", message, weak_password=reasons)
        if password == known.password:
            raise Refusal(422, "same_password", "New password should be different from the old.")
        known.password = password
        others = [one for one, owner in self.server.sessions.items() if owner is known]
        for one in others:
            if one != session:
                del self.server.sessions[one]
        return web.json_response(shown(known))

    async def settings(self, _: web.Request) -> web.Response:
        external = {"email": True, "phone": False, "anonymous_users": False}
        return web.json_response(
            {
                "external": external,
                "disable_signup": False,
                "mailer_autoconfirm": self.server.autoconfirm,
                "phone_autoconfirm": False,
            }
        )

    async def jwks(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [key.jwk for key in self.server.keys]})

    def all(self) -> list[web.RouteDef]:
        return [
            web.post(PREFIX + "/token", self.token),
            web.post(PREFIX + "/logout", self.logout),
            web.post(PREFIX + "/recover", self.recover),
            web.post(PREFIX + "/verify", self.verify),
            web.post(PREFIX + "/invite", self.invite),
            web.post(PREFIX + "/admin/generate_link", self.generate_link),
            web.get(PREFIX + "/user", self.user),
            web.put(PREFIX + "/user", self.change_user),
            web.get(PREFIX + "/settings", self.settings),
            web.get(PREFIX + "/.well-known/jwks.json", self.jwks),
        ]


def _invited(server: GoTrue, request: web.Request, body: dict[str, Any]) -> User:
    """A user who is yet to come; again for whoever has not come yet."""
    if request.headers.get("Authorization") != f"Bearer {SERVICE}":
        raise Refusal(403, "not_admin", "User not allowed")
    known = server.users.get(body["email"])
    if known is not None and known.confirmed:
        message = "A user with this email address has already been registered"
        raise Refusal(422, "email_exists", message)
    invited = known or server.add(body["email"], confirmed=False, invited=True)
    invited.data = body["data"]
    return invited
