//! The user's own kubectl, asked for everything that is read, so that contexts, logins, proxies and plugins just work.
//!
//! Promise: one call where the cluster allows it; what it prints is read while it is printed, and never held whole. A kind that the
//! server does not have or does not show costs that kind only. What kubectl says is passed on, with what to do about it.
//!
//! `kubectl get a,b -o json` prints what it got of the kinds that it may list, complains about the others and exits with 1; about a kind
//! that the server does not know it complains before it asks for anything. Source: k8s.io/kubectl/pkg/cmd/get/get.go (`printGeneric`),
//! k8s.io/cli-runtime/pkg/resource/builder.go, v1.36.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{anyhow, bail};

use super::output;
use super::progress::Progress;
use crate::manifest::Objects;
use crate::manifest::read::{self, Input, KUBECTL_GET, Options};
use crate::manifest::snapshot::gathered::{self, GATHERED, Gathered};

/// Which cluster is asked, by which program.
#[derive(Debug, Clone)]
pub struct Kubectl {
    /// The program.
    pub program: PathBuf,
    /// The context of its configuration; none for the current one.
    pub context: Option<String>,
    /// Of namespaced kinds, the objects of this namespace only.
    pub namespace: Option<String>,
}

/// What a cluster has shown.
#[derive(Debug)]
pub struct Shown {
    /// What was read.
    pub input: Input,
    /// Kinds that the server refuses to show.
    pub refused: Vec<&'static Gathered>,
    /// Kinds that the server does not have.
    pub unknown: Vec<&'static Gathered>,
    /// What else kubectl complained of.
    pub complaints: Vec<String>,
}

/// One answer of kubectl.
struct Answer {
    input: Input,
    succeeded: bool,
    complaints: Vec<String>,
}

/// So often a question is put another way: without kinds that are unknown, without kinds that are refused.
const QUESTIONS: usize = 3;

impl Kubectl {
    /// Asks for every kind that is read.
    pub fn gather(&self) -> anyhow::Result<Shown> {
        let mut asked: Vec<&Gathered> = GATHERED.iter().collect();
        let (mut refused, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..QUESTIONS {
            let Answer { input, succeeded, complaints } = self.get(&asked)?;
            let (denials, complaints): (Vec<String>, Vec<String>) = complaints.into_iter().partition(|line| denied(line).is_some());
            let denied: Vec<&Gathered> = asked.iter().copied().filter(|row| denials.iter().any(|line| names(line, row))).collect();
            refused.extend(denied.iter().copied().filter(|row| !refused.contains(row)).collect::<Vec<_>>());
            let is_empty = input.objects == Objects::default();
            if succeeded || !is_empty {
                return Ok(Shown { input, refused, unknown, complaints: if succeeded { Vec::new() } else { complaints } });
            }
            let lacks = complaints.iter().any(|line| line.contains(LACKING));
            if lacks {
                let served = self.served()?;
                unknown = asked.iter().copied().filter(|row| !served.iter().any(|resource| resource == row.resource)).collect();
                asked.retain(|row| !unknown.contains(row));
            }
            asked.retain(|row| !denied.contains(row));
            if asked.is_empty() || !lacks && denied.is_empty() {
                return Err(self.explain(&[denials, complaints].concat()));
            }
        }
        bail!("kubectl refuses in another way each time it is asked; try `{KUBECTL_GET}` and `snapshot --from dump.json`")
    }

    /// One call for some kinds.
    fn get(&self, rows: &[&Gathered]) -> anyhow::Result<Answer> {
        let resources: Vec<&str> = rows.iter().map(|row| row.resource).collect();
        let mut arguments: Vec<OsString> = vec!["get".into(), resources.join(",").into()];
        match &self.namespace {
            Some(namespace) => arguments.extend(["-n".into(), namespace.into()]),
            None => arguments.push("-A".into()),
        }
        arguments.extend(["-o".into(), "json".into()]);
        let progress = Progress::of_bytes("reading from kubectl");
        let read = |stdout: &mut (dyn Read + Send)| {
            read::read_stream("kubectl", stdout, Options { progress: Some(&progress), ..Options::default() })
        };
        let (input, succeeded, complaints) = self.call(&arguments, read)?;
        Ok(Answer { input, succeeded, complaints })
    }

    /// The resources that the server has and lists.
    fn served(&self) -> anyhow::Result<Vec<String>> {
        let arguments = ["api-resources", "--verbs=list", "-o", "name"].map(OsString::from);
        let read = |stdout: &mut (dyn Read + Send)| {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        };
        let (text, succeeded, complaints) = self.call(&arguments, read)?;
        match text {
            // it lists what it could find out even if a group does not answer, and then fails
            Ok(text) if succeeded || !text.trim().is_empty() => Ok(text.split_whitespace().map(str::to_owned).collect()),
            _ => Err(self.explain(&complaints)),
        }
    }

    /// Runs kubectl; what it says besides is passed on as it says it, but for what is understood here.
    fn call<T>(&self, arguments: &[OsString], read: impl FnOnce(&mut (dyn Read + Send)) -> T) -> anyhow::Result<(T, bool, Vec<String>)> {
        let mut command = Command::new(&self.program);
        if let Some(context) = &self.context {
            command.arg("--context").arg(context);
        }
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.not_started(&error))?;
        let (mut stdout, stderr) = (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
        let listener = std::thread::spawn(move || listen(BufReader::new(stderr)));
        let found = read(&mut stdout);
        drop(stdout);
        let status = child.wait()?;
        let complaints = listener.join().map_err(|_| anyhow!("what kubectl says on stderr could not be read"))?;
        Ok((found, status.success(), complaints))
    }

    fn not_started(&self, error: &std::io::Error) -> anyhow::Error {
        let program = self.program.display();
        let elsewhere = format!("or, where kubectl is, run\n  {KUBECTL_GET}\nand here `plimsoll snapshot --from dump.json -o FILE`");
        match error.kind() {
            ErrorKind::NotFound => {
                anyhow!("{program} is not installed here: install kubectl, name it with --kubectl or $KUBECTL, {elsewhere}")
            }
            ErrorKind::PermissionDenied => {
                anyhow!("{program} may not be run: make it executable, name another with --kubectl, {elsewhere}")
            }
            _ => anyhow!("{program} cannot be run: {error}; name another kubectl with --kubectl, {elsewhere}"),
        }
    }

    /// Why nothing came, and what to do.
    fn explain(&self, complaints: &[String]) -> anyhow::Error {
        let said = match complaints {
            [] => "it said nothing".to_owned(),
            lines => lines.join("\n  "),
        };
        let text = said.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let all = if self.namespace.is_some() { "" } else { "; with rights on one namespace only, take that: -n NAME" };
        let hint = if says(&["context"]) && says(&["does not exist", "was not found"]) {
            "name a context that kubectl knows: `kubectl config get-contexts` lists them".to_owned()
        } else if says(&["cannot list resource", "forbidden"]) {
            format!("ask for the right to list these kinds (`kubectl auth can-i --list` says what you may){all}")
        } else if says(&["unauthorized", "must be logged in", "getting credentials", "expired"]) {
            "log in as you do for `kubectl get pods`, and try again".to_owned()
        } else if says(&["connection to the server", "unable to connect", "no such host", "timeout", "refused", "tls", "certificate"]) {
            "the cluster cannot be reached from here: see whether `kubectl get nodes` works (VPN, proxy, kubeconfig), or name another with --context".to_owned()
        } else {
            format!("see whether this works: {KUBECTL_GET}")
        };
        anyhow!("kubectl has shown nothing:\n  {said}\n{hint}")
    }
}

const LACKING: &str = "the server doesn't have a resource type";

/// What stands in kubectl's words for a kind that may not be listed: `deployments.apps`.
fn denied(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("cannot list resource \"")?;
    let (plural, rest) = rest.split_once('"')?;
    let group = rest.split_once("API group \"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(group, _)| group);
    Some(if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") })
}

fn names(line: &str, row: &Gathered) -> bool {
    denied(line).and_then(|resource| gathered::find(&resource)).is_some_and(|found| found == row)
}

/// Hears what kubectl says besides its answer: keeps what is wrong, passes on what is worth knowing or to be done (a login).
fn listen(stderr: impl BufRead) -> Vec<String> {
    let mut complaints = Vec::new();
    // a kubectl whose output is no text is heard as far as it is
    for line in stderr.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let is_wrong = ["error:", "Error from server", "Error in configuration", "The connection to the server", "Unable to connect"];
        let is_more = !complaints.is_empty() && (line.starts_with("* ") || line.starts_with("- "));
        if is_more || is_wrong.iter().any(|start| line.starts_with(start)) || denied(&line).is_some() {
            complaints.push(line);
        } else if !line.is_empty() && line != "No resources found" {
            output::note(&format!("kubectl says: {line}"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::denied;

    #[test]
    fn kinds_that_may_not_be_listed_are_understood() {
        let line = "Error from server (Forbidden): deployments.apps is forbidden: User \"jane\" cannot list resource \"deployments\" in \
                    API group \"apps\" at the cluster scope";
        assert_eq!(denied(line).as_deref(), Some("deployments.apps"));
        let line = "Error from server (Forbidden): nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at \
                    the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io \"x\" not found";
        assert_eq!(denied(line).as_deref(), Some("nodes"));
        assert_eq!(denied("error: context \"prod\" does not exist"), None);
    }
}
