//! Creating many objects without troubling the API server with what it refuses over and over.
//!
//! Source: k8s.io/kubernetes/pkg/controller/replicaset/replica_set.go slowStartBatch (also in statefulset), v1.36.

/// How a batch failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure<E> {
    /// The first failure.
    pub error: E,
    /// Whether something of the same batch went well.
    pub is_partial: bool,
}

/// Does `0..count` in batches of 1, 2, 4, …; after a batch with a failure no other is begun.
pub(super) fn slow_start<E>(count: usize, mut act: impl FnMut(usize) -> Result<(), E>) -> Result<(), Failure<E>> {
    let (mut done, mut batch) = (0, 1);
    while done < count {
        let end = count.min(done + batch);
        let failures: Vec<E> = (done..end).filter_map(|number| act(number).err()).collect();
        let is_partial = failures.len() < end - done;
        if let Some(error) = failures.into_iter().next() {
            return Err(Failure { error, is_partial });
        }
        (done, batch) = (end, batch * 2);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_batch_of_a_failure_is_the_last() {
        let mut tried = Vec::new();
        let result = slow_start(20, |number| {
            tried.push(number);
            if number == 4 { Err(number) } else { Ok(()) }
        });
        assert_eq!(result, Err(Failure { error: 4, is_partial: true }));
        // 1 + 2 + 4
        assert_eq!(tried, (0..7).collect::<Vec<_>>());
    }
}
