"use strict";

Redoc.init("/v1/openapi.json", {}, document.getElementById("api"));
