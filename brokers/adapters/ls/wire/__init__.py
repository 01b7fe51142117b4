"""LS's wire formats, pure: payload to value and back.

`fields` reads single fields, `refusals` tells a yes from each kind of no, `orders`, `account` and `quotes`
hold the TRs, `notices` the frames of the WebSocket.
"""
