//! Why the API server refuses a request, in its own words.
//!
//! Promise: `message` is byte for byte what `kubectl` prints after `Error from server`. Lists in it (`[a, b]`) are sorted, where
//! the server's own order is that of a Go map.
//!
//! Source: k8s.io/apimachinery/pkg/api/errors/errors.go NewForbidden, NewInvalid, NewAlreadyExists, NewNotFound, v1.36.

/// Why the API server refuses a request, as in its `Status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status, such as 403 or 422.
    pub code: u16,
    /// `Forbidden`, `Invalid`, `AlreadyExists`, `NotFound`, `TooManyRequests` or `InternalError`.
    pub reason: &'static str,
    /// The whole sentence.
    pub message: String,
    /// Single causes, where the server lists them: a field and what is wrong with it, or a budget that is spent.
    pub causes: Vec<Cause>,
    /// Seconds after which it is worth asking again, where the server says so.
    pub retry_after_seconds: Option<i32>,
}

/// One cause of a refusal (`details.causes`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// In one word: `FieldValueInvalid`, `DisruptionBudget`, …
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

impl Refusal {
    /// 403: a policy forbids it. `resource` is the plural with its group, such as `pods` or `deployments.apps`.
    pub fn forbidden(resource: &str, name: &str, why: &str) -> Self {
        Refusal::new(403, "Forbidden", format!("{resource} {name:?} is forbidden: {why}"))
    }

    /// 422: the object makes no sense. `kind` carries its group, such as `Deployment.apps`.
    pub fn invalid(kind: &str, name: &str, why: &str, causes: Vec<Cause>) -> Self {
        Refusal { causes, ..Refusal::new(422, "Invalid", format!("{kind} {name:?} is invalid: {why}")) }
    }

    /// 409: there is one of this name.
    pub fn already_exists(resource: &str, name: &str) -> Self {
        Refusal::new(409, "AlreadyExists", format!("{resource} {name:?} already exists"))
    }

    /// 404: there is none of this name.
    pub fn not_found(resource: &str, name: &str) -> Self {
        Refusal::new(404, "NotFound", format!("{resource} {name:?} not found"))
    }

    /// Any other, with nothing but its sentence.
    pub fn new(code: u16, reason: &'static str, message: String) -> Self {
        Refusal { code, reason, message, causes: Vec::new(), retry_after_seconds: None }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
