//! What readers see of findings: the worst first, repeats of a rule folded.

use std::collections::BTreeMap;

use super::{Counts, FindingView, FindingsView, rank};
use crate::check::rules;
use crate::report::amount::{count, list};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::report::views::assertions;

/// So many findings of a rule are shown in brief, and so many objects of the rest are named.
const OF_A_RULE: usize = 3;
const NAMED: usize = 4;

impl FindingsView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        if let Some(baseline) = &self.baseline {
            baseline.worse_section(&mut document);
        }
        assertions::sections(&self.assertions, &mut document, detail);
        let (shown, more) = self.folded(detail);
        document.diagnostics(shown.iter().map(|finding| finding.diagnostic()).collect());
        document.table("More of the same", more, vec!["-o wide shows each with its place".to_owned()]);
        document.table("Rules", self.by_rule(), vec!["`plimsoll explain-rule CODE` says more of each".to_owned()]);
        if let Some(baseline) = &self.baseline {
            baseline.mended_section(&mut document, detail);
        }
        if detail == Detail::Full {
            document.table("Known from the baseline", self.known(), Vec::new());
            document.table("Allowed", self.allowed(), Vec::new());
        }
        document
    }

    /// The answer in one line.
    pub fn headline(&self) -> Text {
        let Counts { errors, warnings, notes, allowed, known } = self.counts;
        let parts = [(errors, "error"), (warnings, "warning"), (notes, "note")];
        let found: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(|&(number, word)| count(number, word)).collect();
        let known = if known > 0 { format!("; {known} known from the baseline") } else { String::new() };
        let allowed = if allowed > 0 { format!("; {allowed} more allowed") } else { String::new() };
        let objects = count(self.objects, "object");
        let baseline = self.baseline.as_ref();
        let mended = baseline.filter(|it| !it.mended.is_empty()).map_or(String::new(), |it| format!("; {} mended", it.mended.len()));
        let worse = baseline
            .filter(|it| !it.worse.is_empty())
            .map_or(String::new(), |it| format!("{} got worse; ", count(it.worse.len(), "thing")));
        let new = if baseline.is_some() { " new" } else { "" };
        let rest = format!("{known}{allowed}{mended}");
        let rules = self.rules;
        let found = match found.is_empty() {
            true => format!("nothing{new} found in {objects} by {rules} rules{rest}"),
            false => format!("{}{new} in {objects}{rest}", found.join(", ")),
        };
        let asserted = assertions::headline(&self.assertions).map(|asserted| format!("{asserted}; ")).unwrap_or_default();
        let text = format!("{worse}{asserted}{found}");
        let text = text.strip_prefix("nothing").map_or(text.clone(), |rest| format!("Nothing{rest}"));
        Text::new(text, self.mood())
    }

    fn mood(&self) -> Mood {
        let Counts { errors, warnings, notes, .. } = self.counts;
        match self.fails {
            true => Mood::Bad,
            false if errors + warnings + notes == 0 && self.baseline.as_ref().is_none_or(|it| it.worse.is_empty()) => Mood::Good,
            false => Mood::Notable,
        }
    }

    /// The findings to show, worst first, and a table of those that only repeat what others of their rule say.
    fn folded(&self, detail: Detail) -> (Vec<&FindingView>, Table) {
        let mut told: Vec<&FindingView> = self.findings.iter().filter(|finding| finding.is_told()).collect();
        told.sort_by_key(|finding| rank(finding.severity));
        let mut more = Table::new().left("code").left("rule").right("more").left("of");
        if detail == Detail::Full {
            return (told, more);
        }
        let mut of_rule: BTreeMap<&str, Vec<&FindingView>> = BTreeMap::new();
        told.retain(|finding| {
            let others = of_rule.entry(finding.code).or_default();
            others.push(finding);
            others.len() <= OF_A_RULE
        });
        for (code, findings) in of_rule.iter().filter(|(_, findings)| findings.len() > OF_A_RULE) {
            let objects: Vec<String> = findings[OF_A_RULE..].iter().map(|finding| finding.object.title()).collect();
            let (rule, number) = (findings[0].rule.to_owned(), objects.len().to_string());
            more.row([(*code).to_owned(), rule, number, list(&objects, NAMED)].map(Text::from).to_vec());
        }
        (told, more)
    }

    /// How often each rule found something.
    fn by_rule(&self) -> Table {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        self.findings.iter().filter(|finding| finding.is_told()).for_each(|finding| *numbers.entry(finding.code).or_default() += 1);
        let mut table = Table::new().left("code").left("rule").left("group").right("found").left("what");
        for (code, number) in numbers {
            let rule = rules::find(code).expect("findings have rules");
            let cells = [code.to_owned(), rule.name.to_owned(), rule.group.words().to_owned(), number.to_string(), rule.manual().title];
            table.row(cells.into_iter().map(Text::from).collect());
        }
        table
    }

    fn known(&self) -> Table {
        let mut table = Table::new().left("object").left("rule").left("severity").left("what");
        for finding in self.findings.iter().filter(|finding| finding.allowed.is_none() && finding.is_known()) {
            let cells = [finding.object.title(), finding.rule.to_owned(), finding.severity.to_owned(), finding.message.clone()];
            table.row(cells.into_iter().map(Text::from).collect());
        }
        table
    }

    fn allowed(&self) -> Table {
        let mut table = Table::new().left("object").left("rule").left("what").left("reason").left("by");
        for finding in &self.findings {
            let Some(allowed) = &finding.allowed else { continue };
            let cells =
                [finding.object.title(), finding.rule.to_owned(), finding.message.clone(), allowed.reason.clone(), allowed.by.to_owned()];
            table.row(cells.into_iter().map(Text::from).collect());
        }
        table
    }
}
