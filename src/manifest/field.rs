//! Paths to fields of an object, as `spec.containers[0].image`.

use std::fmt;

/// One step on the way to a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
}

/// The way from an object to one of its fields; an empty one is the object itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// The field of this name in what is here; the name may hold dots and slashes.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.push(Step::Key(key.into()));
        self
    }

    /// An element of what is here.
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// What another path leads to from here.
    pub fn join(mut self, path: &str) -> Self {
        self.0.extend(FieldPath::from(path).0);
        self
    }

    /// Whether it leads to the object itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for FieldPath {
    /// Keys with dots between them, and indices: `spec.template.spec.containers[0]`. Keys that hold dots need [`FieldPath::key`].
    fn from(path: &str) -> Self {
        let mut steps = Vec::new();
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let (key, indices) = part.split_once('[').unwrap_or((part, ""));
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            }
            let indices = indices.split(['[', ']']).filter_map(|index| index.parse().ok());
            steps.extend(indices.map(Step::Index));
        }
        FieldPath(steps)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if key.contains(['.', '/']) => write!(f, "[{key:?}]")?,
                Step::Key(key) if place == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_is_written() {
        for path in ["spec", "spec.containers[0].image", "spec.a[1][2].b", ""] {
            assert_eq!(FieldPath::from(path).to_string(), path);
        }
        let request = FieldPath::from("spec.containers[0].resources.requests").key("nvidia.com/gpu");
        assert_eq!(request.to_string(), "spec.containers[0].resources.requests[\"nvidia.com/gpu\"]");
    }
}
