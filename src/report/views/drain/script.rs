//! A drain plan as a script of kubectl commands.
//!
//! Promise: the same plan gives the same bytes; every name is quoted; what the plan rests on and does not do stands in comments, and a
//! plan that is not possible as things stand stops before it touches anything.

use std::fmt::Write;

use super::{DrainView, WaveView};
use crate::report::amount::{count, list};

/// What every script begins with.
const HEAD: &str = "\
#!/usr/bin/env bash
set -euo pipefail

";

/// What the waves call.
const FUNCTIONS: &str = r#"
# what you do to a drained node; it gets the node's name
maintain() {
  :
}

# drains nodes at once, and fails if one of them does
drain() {
  local timeout="$1" node pid status=0 pids=()
  shift
  for node in "$@"; do
    kubectl drain "$node" ${flags[@]+"${flags[@]}"} --timeout="$timeout" &
    pids+=("$!")
  done
  for pid in "${pids[@]}"; do
    wait "$pid" || status=$?
  done
  return "$status"
}

# works on nodes at once, and fails if that fails on one of them
work() {
  local node pid status=0 pids=()
  for node in "$@"; do
    maintain "$node" &
    pids+=("$!")
  done
  for pid in "${pids[@]}"; do
    wait "$pid" || status=$?
  done
  return "$status"
}
"#;

/// Seconds that a wait gets at least.
const PATIENCE_SECONDS: u32 = 600;

impl DrainView {
    /// As a script.
    pub fn script(&self) -> String {
        let mut out = String::from(HEAD);
        self.say_what_it_is(&mut out);
        self.stop_if_impossible(&mut out);
        if self.waves.is_empty() {
            return out;
        }
        let flags: Vec<String> = self.flags.iter().map(|flag| quoted(flag)).collect();
        let _ = write!(out, "\nflags=({})\n{FUNCTIONS}", flags.join(" "));
        for (number, wave) in self.waves.iter().enumerate() {
            self.wave(&mut out, number + 1, wave);
        }
        if !self.surge.names.is_empty() {
            let _ = write!(out, "\n# the added nodes can be drained and taken away now\n");
        }
        out
    }

    fn say_what_it_is(&self, out: &mut String) {
        let planned: usize = self.waves.iter().map(|wave| wave.nodes.len()).sum();
        let minutes = self.seconds.div_ceil(60);
        let (nodes, waves) = (count(planned, "node"), count(self.waves.len(), "wave"));
        comment(
            out,
            &format!("drains {nodes} in {waves}, made by plimsoll: about {}", count(usize::try_from(minutes).unwrap_or(0), "minute")),
        );
        if !self.surge.like.is_empty() {
            let added = count(self.surge.like.len(), "node");
            comment(out, &format!("first add {added} and wait until ready: like {}", self.surge.like.join(", ")));
        }
        for blocked in &self.blocked {
            comment(out, &format!("left out: {}: {}", list(&blocked.nodes, 8), blocked.messages.join(" ")));
            blocked.changes.iter().for_each(|change| comment(out, &format!("  to free it: {change}")));
        }
    }

    /// Flags that nobody gave lose data: whoever runs the script has to say so first.
    fn stop_if_impossible(&self, out: &mut String) {
        let mut reasons: Vec<String> =
            self.missing_flags.iter().map(|missing| format!("{}, so plan again with {}", missing.message, missing.flag)).collect();
        if self.surge.like.len() > self.surge.asked {
            let like = self.surge.like.join(", ");
            reasons.push(format!("add nodes like {like}, then plan again with --surge {}", self.surge.like.len()));
        }
        if self.waves.is_empty() {
            reasons.push("no node can be drained".to_owned());
        }
        if !reasons.is_empty() {
            out.push('\n');
            reasons.iter().for_each(|reason| _ = writeln!(out, "echo {} >&2", quoted(reason)));
            out.push_str("exit 1\n");
        }
    }

    fn wave(&self, out: &mut String, number: usize, wave: &WaveView) {
        let nodes: Vec<String> = wave.nodes.iter().map(|node| quoted(node)).collect();
        let names = nodes.join(" ");
        out.push('\n');
        comment(out, &format!("wave {number} of {}: {}, {}", self.waves.len(), list(&wave.nodes, 8), count(wave.moves.len(), "eviction")));
        let waiting: Vec<&str> = wave.waiting.iter().map(|waiting| waiting.pod.as_str()).collect();
        if !waiting.is_empty() {
            comment(out, &format!("without a node meanwhile: {}", list(&waiting, 8)));
        }
        let _ = writeln!(out, "kubectl cordon {names}");
        let _ = writeln!(out, "drain {}s {names}", patience(wave.drained_after_seconds));
        let _ = writeln!(out, "work {names}");
        if self.afterwards == "gone" {
            let _ = writeln!(out, "kubectl delete node {names}");
        } else {
            let back: Vec<String> =
                wave.nodes.iter().filter(|node| !wave.cordoned_before.contains(node)).map(|node| quoted(node)).collect();
            if !wave.cordoned_before.is_empty() {
                comment(out, &format!("cordoned before, and so they stay: {}", list(&wave.cordoned_before, 8)));
            }
            if !back.is_empty() {
                let _ = writeln!(out, "kubectl uncordon {}", back.join(" "));
            }
        }
        for workload in &wave.settle {
            let Some((namespace, name)) = workload.split_once('/') else { continue };
            let timeout = patience(wave.seconds);
            let _ = writeln!(out, "kubectl --namespace {} rollout status {} --timeout={timeout}s", quoted(namespace), quoted(name));
        }
    }
}

/// Twice what is expected, and never less than ten minutes.
fn patience(seconds: u32) -> u32 {
    seconds.saturating_mul(2).max(PATIENCE_SECONDS)
}

fn comment(out: &mut String, text: &str) {
    text.lines().for_each(|line| _ = writeln!(out, "# {line}"));
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_stays_a_word() {
        assert_eq!(quoted("node-1"), "'node-1'");
        assert_eq!(quoted("a'b $(c)"), r"'a'\''b $(c)'");
    }
}
