//! What is no object of a known kind: what it probably is, and what to do about it.
//!
//! Unrendered templates, chart files, kustomizations, values, error answers of the API server, objects without a kind.
//! Nothing of the content of a Secret is ever quoted.

use super::kinds::Kind;
use super::piece::TypeMeta;
use super::problem::{Problem, Severity};
use super::tree::{Node as Tree, SyntaxError, Value};
use super::typed::TypeError;
use super::understand::{Reading, position_of};
use crate::manifest::location::Position;

/// What to do with a template.
pub(super) const RENDER: &str =
    "render it first: `helm template NAME CHART > rendered.yaml` (or run whatever fills in the {{ }}), and pass the result";
/// What to do with a kustomization.
pub(super) const KUSTOMIZE: &str = "build it first: `kustomize build DIR > built.yaml` (or `kubectl kustomize DIR`), and pass the result";

/// Whether a kind is one of somebody's own, so that nothing more need be known to skip it.
pub(super) fn is_ordinary(of: &TypeMeta) -> bool {
    !of.api_version.is_empty() && by_name(of).is_none() && of.kind != "Status" && of.kind != "Kustomization" && !of.kind.ends_with("List")
}

/// `apiVersion` and `kind` of a mapping; a problem if it is none, or if they are no text.
pub(super) fn type_meta(reading: &Reading<'_>, tree: &Tree) -> Result<TypeMeta, Problem> {
    let Value::Map(_) = &tree.value else {
        let message = format!("not a Kubernetes object, but {}", tree.kind_of_value());
        let problem = Problem::new(Severity::Warning, reading.location(tree.position), message);
        return Err(problem.hint(if reading.has_template() { RENDER } else { "leave it out, or pass what `kubectl get -o yaml` prints" }));
    };
    let word = |key: &str| match tree.get(key) {
        None => Ok(String::new()),
        Some(node) => match &node.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Null => Ok(String::new()),
            _ => {
                let message = format!("{key} is {}, not text", node.kind_of_value());
                Err(Problem::new(Severity::Error, reading.location(node.position), message).hint("put it in quotes, or correct it"))
            }
        },
    };
    Ok(TypeMeta { api_version: word("apiVersion")?, kind: word("kind")? })
}

/// The kind of an object that does not say it: a Pod or a Node shows by its fields.
pub(super) fn by_shape(tree: &Tree) -> Option<TypeMeta> {
    tree.get("metadata")?.get("name")?;
    let has = |part: &str, field: &str| tree.get(part).and_then(|part| part.get(field)).is_some();
    let kind = if has("spec", "containers") {
        "Pod"
    } else if has("status", "nodeInfo") || has("status", "allocatable") && has("status", "conditions") {
        "Node"
    } else {
        return None;
    };
    Some(TypeMeta { api_version: "v1".into(), kind: kind.into() })
}

/// The modelled kind of this name, whatever its group.
pub(super) fn by_name(of: &TypeMeta) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.name() == of.kind)
}

/// Whether it holds a pod template where workloads do.
pub(super) fn has_pod_template(tree: &Tree) -> bool {
    let spec = tree.get("spec");
    let template = spec.and_then(|spec| spec.get("template")).and_then(|template| template.get("spec"));
    template.and_then(|template| template.get("containers")).is_some()
}

/// `Deployment shop/web`, as far as it can be told.
pub(super) fn describe(of: &TypeMeta, tree: &Tree) -> String {
    let field = |name: &str| tree.get("metadata").and_then(|metadata| metadata.get(name)).and_then(Tree::text);
    match (field("namespace"), field("name").or(field("generateName"))) {
        (Some(namespace), Some(name)) => format!("{} {namespace}/{name}", of.kind),
        (None, Some(name)) => format!("{} {name}", of.kind),
        _ => of.kind.clone(),
    }
}

/// A document without a kind.
pub(super) fn without_kind(reading: &Reading<'_>, tree: &Tree) -> Problem {
    let file = reading.file.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let has = |key: &str| tree.get(key).is_some();
    let location = reading.location(tree.position);
    if reading.has_template() {
        return Problem::new(Severity::Error, location, "an unrendered template without a kind").hint(RENDER);
    }
    if file.starts_with("chart.") && has("name") && has("version") {
        return Problem::new(Severity::Note, location, "a Helm chart's description, not an object").hint(RENDER);
    }
    if file.starts_with("kustomization.") || has("patches") && has("resources") {
        return Problem::new(Severity::Note, location, "a kustomization, not an object").hint(KUSTOMIZE);
    }
    if has("op") && has("path") {
        return Problem::new(Severity::Note, location, "a step of a JSON patch, not an object").hint(KUSTOMIZE);
    }
    if file.contains("values") {
        return Problem::new(Severity::Note, location, "values of a Helm chart, not an object").hint(RENDER);
    }
    let message = "not a Kubernetes object: it has no kind";
    Problem::new(Severity::Warning, location, message).hint("add apiVersion and kind, or leave it out")
}

/// A problem if an object whose kind is not modelled is no such thing after all.
pub(super) fn unmodelled(reading: &Reading<'_>, tree: &Tree, of: &TypeMeta) -> Option<Problem> {
    let location = reading.location(tree.position);
    if of.kind == "Status" && tree.get("status").and_then(Tree::text) == Some("Failure") {
        let reason = tree.get("reason").and_then(Tree::text).unwrap_or("unknown");
        let problem = Problem::new(Severity::Error, location, format!("an error answer of the API server ({reason}) instead of objects"));
        return Some(problem.hint("run the `kubectl get` that wrote it again"));
    }
    if of.kind == "Kustomization" && of.group().starts_with("kustomize.config") {
        return Some(Problem::new(Severity::Note, location, "a kustomization, not an object").hint(KUSTOMIZE));
    }
    if of.kind.contains("{{") || of.api_version.contains("{{") {
        return Some(Problem::new(Severity::Error, location, "an unrendered template").hint(RENDER));
    }
    let kind = by_name(of)?;
    let built_in = !of.group().contains('.') || of.group().ends_with(".k8s.io");
    built_in.then(|| {
        let message = format!("there is no kind {} in {}", of.kind, of.api_version);
        Problem::new(Severity::Error, location, message).hint(format!("write apiVersion: {}", kind.api_version()))
    })
}

/// A text that is no YAML (or JSON).
pub(super) fn syntax(reading: &Reading<'_>, error: &SyntaxError) -> Problem {
    if reading.has_template() {
        let at = position_of(reading.text, memchr::memmem::find(reading.text, b"{{").unwrap_or(0));
        return Problem::new(Severity::Error, reading.location(at), "an unrendered template, which is not YAML yet").hint(RENDER);
    }
    let location = reading.location(error.position);
    if holds_secret(reading.text) {
        let message = "a Secret that is not readable; its content is not shown";
        return Problem::new(Severity::Error, location, message).hint("correct it, or leave Secrets out: nothing here needs them");
    }
    let problem = Problem::new(Severity::Error, location, error.message.clone());
    problem.hint("correct it at this place; the other documents were read")
}

/// An object whose field does not hold what it must.
pub(super) fn does_not_fit(reading: &Reading<'_>, name: &str, position: Position, error: &TypeError) -> Problem {
    let at = error.position.unwrap_or(position);
    if reading.has_template() {
        return Problem::new(Severity::Error, reading.location(at), format!("{name}: an unrendered template")).hint(RENDER);
    }
    let hint = if error.message.starts_with("expected text") {
        "put the value in quotes; the API server refuses it as it is"
    } else {
        "correct the value; the API server refuses the object as it is"
    };
    Problem::new(Severity::Error, reading.location(at), format!("{name}: {error}")).hint(hint)
}

fn holds_secret(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, b"kind") {
        rest = &rest[at + 4..];
        let value: Vec<u8> = rest.iter().copied().filter(|byte| !matches!(byte, b'"' | b'\'' | b' ' | b':')).take(6).collect();
        if value == b"Secret" {
            return true;
        }
    }
    false
}
