"""What happened, told to the endpoints that asked for it: signed, tried again, never twice a different body.

`events` writes an event in the transaction that makes it true, `due` rings for the deliveries whose time has come,
`sending` tries a few of them, one after the other: `claims` lets a single sender at each, `signing` signs,
`posting` sends, `ladder` says when to try again.
"""
