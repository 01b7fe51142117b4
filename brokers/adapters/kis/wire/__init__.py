"""KIS's wire formats, pure: payload to value and back.

`fields` reads single fields, `refusals` tells a yes from each kind of no, `orders`, `account` and `quotes`
hold the REST services, `notices` the encrypted frames of the WebSocket. Extra fields and any order of fields
are fine; a field that matters and is missing or unreadable raises `BadReply` with its name.
"""
