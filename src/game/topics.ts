/** Requests: each frame that a machine sends. */
export const REQUESTS_TOPIC = "GAME-FRAME-RQ";
/** Responses: the same frame again once it is approved. */
export const RESPONSES_TOPIC = "GAME-FRAME-RS";
/** The hits of each frame that was approved in time. */
export const SESSIONS_TOPIC = "SESSIONS";
