"""The OpenAPI document as rows for a page: its operations, with references followed."""

from http import HTTPStatus
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from onebooking.web.samples import sample

Schema: TypeAlias = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_FORMATS = {"uuid": "UUID", "date": "date", "date-time": "instant", "duration": "duration"}
_INTEGER_LIMITS = {-(2**31), 2**31 - 1, 2**63 - 1}  # true of every integer: not worth a word


class Field(Struct, frozen=True):
    """One field of a body, or one parameter of a route; `fields` are those inside it."""

    name: str
    kind: str
    required: bool
    description: str
    choices: list[str]
    limits: str
    fields: list["Field"]


class Answer(Struct, frozen=True):
    """One status a route answers with."""

    status: str
    meaning: str
    fields: list[Field]


class Operation(Struct, frozen=True):
    """One method of one path."""

    tag: str
    method: str
    path: str
    summary: str
    description: str
    callers: list[str]  # names of security schemes; empty is everybody
    parameters: list[Field]
    about_body: str
    body: list[Field]
    example: Any
    answers: list[Answer]

    @property
    def anchor(self) -> str:
        """Its id within the page."""
        words = f"{self.method} {self.path}".lower()
        return "-".join("".join(c if c.isalnum() else " " for c in words).split())


def operations(document: Schema) -> list[Operation]:
    """Every operation of an OpenAPI document, in its order."""
    return [
        _operation(document, method, path, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]


def _operation(document: Schema, method: str, path: str, found: Schema) -> Operation:
    media = found.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = _followed(document, media.get("schema", {}))
    examples = list(media.get("examples", {}).values())
    return Operation(
        tag=(found.get("tags") or ["Other"])[0],
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        description=_dedented(found.get("description", "")),
        callers=[name for one in found.get("security") or [] for name in one],
        parameters=[_parameter(document, one) for one in found.get("parameters", [])],
        about_body=_dedented(body.get("description", "")),
        body=_fields(document, body),
        example=examples[0]["value"] if examples else _example(document, body),
        answers=[_answer(document, *one) for one in sorted(found["responses"].items())],
    )


def _parameter(document: Schema, parameter: Schema) -> Field:
    told = parameter.get("schema", {}) | {"description": parameter.get("description") or ""}
    found = _field(document, parameter["name"], told, required=parameter.get("required", False))
    # A URL cannot say null: leaving the parameter out is all there is.
    return replace(found, kind=found.kind.removesuffix(" or null"))


def _answer(document: Schema, status: str, found: Schema) -> Answer:
    media: Schema = next(iter(found.get("content", {}).values()), {})
    meaning = str(found.get("description", ""))
    if meaning == HTTPStatus(int(status)).description:  # Litestar's, where a route says nothing
        meaning = "Created" if status == "201" else "Done"
    is_error = int(status) >= HTTPStatus.BAD_REQUEST  # all alike: the page shows that shape once
    fields = [] if is_error else _fields(document, media.get("schema", {}))
    return Answer(status, meaning, fields)


def _fields(document: Schema, schema: Schema) -> list[Field]:
    schema = _followed(document, schema)
    required = schema.get("required", [])
    found = [
        _field(document, name, inner, required=name in required)
        for name, inner in schema.get("properties", {}).items()
    ]
    return sorted(found, key=lambda field: not field.required)


def _field(document: Schema, name: str, schema: Schema, *, required: bool) -> Field:
    inner = _core(document, schema)
    of_items = _core(document, inner.get("items", {}))
    return Field(
        name=name,
        kind=_kind(document, schema),
        required=required,
        description=_dedented(schema.get("description") or ""),
        choices=_choices(inner) or _choices(of_items),
        limits=_limits(inner | schema),
        fields=_fields(document, of_items if of_items.get("properties") else inner),
    )


def _kind(document: Schema, schema: Schema) -> str:
    """A type in few words, such as `text or null` or `list of objects`."""
    parts = schema.get("anyOf") or schema.get("oneOf")
    if parts:
        return " or ".join(dict.fromkeys(_kind(document, one) for one in parts))
    schema = _followed(document, schema)
    kind = schema.get("type", "text" if "enum" in schema else "any")
    if isinstance(kind, list):
        alone = [{**schema, "type": one} for one in sorted(kind, key=lambda one: one == "null")]
        return " or ".join(_kind(document, one) for one in alone)
    if kind == "array":
        inner = _kind(document, schema.get("items", {}))
        return "list" if inner == "any" else f"list of {inner}{'' if inner == 'text' else 's'}"
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "text")
    return str(kind)


def _core(document: Schema, schema: Schema) -> Schema:
    """What a schema is when it is not null."""
    for one in schema.get("anyOf") or schema.get("oneOf") or []:
        if one.get("type") != "null":
            return _core(document, one)
    return _followed(document, schema)


def _choices(schema: Schema) -> list[str]:
    return [str(value) for value in schema.get("enum", []) if value is not None]


def _limits(schema: Schema) -> str:
    """What bounds a value, in words."""
    said = []
    least, most = (
        None if (bound := schema.get(name)) is None or int(bound) in _INTEGER_LIMITS else int(bound)
        for name in ("minimum", "maximum")
    )
    if least is not None and most is not None:
        said.append(f"{least} to {most}")
    elif least is not None:
        said.append(f"at least {least}")
    elif most is not None:
        said.append(f"at most {most}")
    if "maxLength" in schema:
        said.append(f"up to {int(schema['maxLength']):,} characters")
    if "maxItems" in schema:
        said.append(f"up to {schema['maxItems']}")
    default = schema.get("default")
    if default not in (None, [], ""):
        said.append(f"default {_said(default)}")
    return ", ".join(said)


def _example(document: Schema, schema: Schema) -> Any:
    """A body of what is required, and of what a reader would try first."""
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    found = {}
    for name, inner in properties.items():
        value = sample(name, wanted=name in required)
        if value is not None:
            choices = _choices(_core(document, inner))
            found[name] = value if not choices or value in choices else choices[0]
    return found or None


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _followed(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        schema = document["components"]["schemas"][name]
    return schema


def _dedented(text: str) -> str:
    """A docstring without its indentation."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
