"""The OpenAPI document as rows for a page: its operations, with references followed."""

from typing import Any

from msgspec import Struct

_METHODS = ("get", "post", "put", "patch", "delete")


class Field(Struct, frozen=True):
    """One field of a body, or one parameter of a route."""

    name: str
    kind: str
    required: bool
    description: str


class Operation(Struct, frozen=True):
    """One method of one path."""

    tag: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field]
    body: list[Field]
    example: Any
    answers: dict[str, str]


def operations(document: dict[str, Any]) -> list[Operation]:
    """Every operation of an OpenAPI document, in its order."""
    return [
        _operation(document, method, path, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]


def _operation(
    document: dict[str, Any], method: str, path: str, found: dict[str, Any]
) -> Operation:
    media = found.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = list(media.get("examples", {}).values())
    return Operation(
        tag=(found.get("tags") or ["Other"])[0],
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        description=found.get("description", ""),
        parameters=[_parameter(document, parameter) for parameter in found.get("parameters", [])],
        body=_fields(document, media.get("schema", {})),
        example=examples[0]["value"] if examples else None,
        answers={status: a.get("description", "") for status, a in found["responses"].items()},
    )


def _parameter(document: dict[str, Any], parameter: dict[str, Any]) -> Field:
    kind = _kind(document, parameter.get("schema", {}))
    description = parameter.get("description") or ""
    return Field(parameter["name"], kind, parameter.get("required", False), description)


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    schema = _followed(document, schema)
    required = schema.get("required", [])
    return [
        Field(name, _kind(document, inner), name in required, inner.get("description") or "")
        for name, inner in schema.get("properties", {}).items()
    ]


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """A type in few words, such as `string, null` or `list of AddonBody`."""
    if "$ref" in schema:
        target = _followed(document, schema)
        if "enum" in target:
            return _kind(document, target)
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return ", ".join(_kind(document, one) for one in schema[several])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    kind = schema.get("type", "any")
    named = ", ".join(kind) if isinstance(kind, list) else str(kind)
    return str(schema.get("format") or named)


def _followed(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        schema = document["components"]["schemas"][name]
    return schema
