//! JUnit: a suite a rule; a failed case for each finding that fails the check, one that is skipped for each that is allowed, one that
//! passes for each that is only told. A rule that finds nothing has a single case, which passes. Assertions, and what got worse than a
//! baseline, are suites of their own.
//!
//! It is valid by the schemas that are in use at once, those of Ant's task and of Jenkins, old and new, which is why it holds elements that
//! are empty and times that are none: the same findings are the same bytes. Where a finding is written stands in its text, for none of the
//! schemas has a place for files and lines.
//!
//! Source: windyroad/JUnit-Schema JUnit.xsd (Ant), jenkinsci/xunit-plugin junit-10.xsd, and junit-4.xsd as JUnit's own tests use it.

use std::io::{Cursor, Result};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::check::Rule;
use crate::check::rules::RULES;
use crate::report::views::View;
use crate::report::views::assertions::AssertionView;
use crate::report::views::findings::{FindingView, FindingsView};

type Xml = Writer<Cursor<Vec<u8>>>;

/// Writes a view.
pub fn render(view: &View) -> String {
    let Some(view) = view.findings() else { return String::new() };
    let mut xml = Writer::new_with_indent(Cursor::new(Vec::new()), b' ', 2);
    write(&mut xml, view).expect("a vector takes everything");
    String::from_utf8(xml.into_inner().into_inner()).expect("it is made of text") + "\n"
}

fn write(xml: &mut Xml, view: &FindingsView) -> Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = |xml: &mut Xml| {
        RULES.iter().zip(0..).try_for_each(|(rule, number)| suite(xml, view, rule, number))?;
        judged(view).into_iter().zip(RULES.len()..).try_for_each(|((name, cases), number)| judged_suite(xml, name, number, &cases))
    };
    xml.create_element("testsuites").write_inner_content(suites)?;
    Ok(())
}

/// Something besides rules that passes or fails: what it is called, why it is skipped, and what is wrong, in short and whole.
struct Case {
    name: String,
    skipped: Option<&'static str>,
    failure: Option<(String, String)>,
}

/// What is judged besides rules, by the name of its suite: nothing where nothing was asked.
fn judged(view: &FindingsView) -> [(&'static str, Vec<Case>); 2] {
    [("assertions", assertion_cases(view)), ("baseline", worse_cases(view))]
}

fn assertion_cases(view: &FindingsView) -> Vec<Case> {
    let case = |assertion: &AssertionView| Case {
        name: assertion.name.clone(),
        skipped: (!assertion.passed && !assertion.fails()).then_some("it failed in the baseline already"),
        failure: assertion.fails().then(|| (assertion.message.clone(), format!("{}\n{}", assertion.place.shown(), assertion.text()))),
    };
    view.assertions.iter().map(case).collect()
}

fn worse_cases(view: &FindingsView) -> Vec<Case> {
    let worse = view.baseline.iter().flat_map(|baseline| &baseline.worse);
    worse.map(|worse| Case { name: worse.object.title(), skipped: None, failure: Some((worse.message.clone(), worse.text())) }).collect()
}

fn judged_suite(xml: &mut Xml, name: &str, number: usize, cases: &[Case]) -> Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let skipped = cases.iter().filter(|case| case.skipped.is_some()).count();
    let [number, tests, failures, skipped] = [number, cases.len(), failures, skipped].map(|number| number.to_string());
    xml.create_element("testsuite").with_attributes(attributes(name, &number, &tests, &failures, &skipped)).write_inner_content(|xml| {
        properties(xml, name)?;
        cases.iter().try_for_each(|each| judged_case(xml, name, each))?;
        xml.create_element("system-out").write_empty()?;
        xml.create_element("system-err").write_empty()?;
        Ok(())
    })?;
    Ok(())
}

/// Which group of cases it is: Jenkins wants one property at least.
fn properties(xml: &mut Xml, group: &str) -> Result<()> {
    xml.create_element("properties").write_inner_content(|xml| {
        xml.create_element("property").with_attributes([("name", "group"), ("value", group)]).write_empty()?;
        Ok(())
    })?;
    Ok(())
}

fn judged_case(xml: &mut Xml, suite: &str, each: &Case) -> Result<()> {
    let element = case(xml, suite, &each.name);
    match (&each.failure, each.skipped) {
        (Some((message, text)), _) => element.write_inner_content(|xml| {
            let attributes = [("message", clean(message)), ("type", "error".to_owned())];
            let element = xml.create_element("failure");
            let element = attributes.iter().fold(element, |element, (name, value)| element.with_attribute((*name, value.as_str())));
            element.write_text_content(BytesText::new(&clean(text)))?;
            Ok(())
        })?,
        (None, Some(why)) => element.write_inner_content(|xml| {
            xml.create_element("skipped").write_text_content(BytesText::new(why))?;
            Ok(())
        })?,
        (None, None) => element.write_empty()?,
    };
    Ok(())
}

fn attributes<'a>(name: &'a str, number: &'a str, tests: &'a str, failures: &'a str, skipped: &'a str) -> [(&'static str, &'a str); 10] {
    [
        ("name", name),
        ("package", "plimsoll.check"),
        ("id", number),
        ("tests", tests),
        ("failures", failures),
        ("errors", "0"),
        ("skipped", skipped),
        ("time", "0"),
        ("timestamp", "1970-01-01T00:00:00"),
        ("hostname", "localhost"),
    ]
}

fn suite(xml: &mut Xml, view: &FindingsView, rule: &Rule, number: usize) -> Result<()> {
    let found: Vec<&FindingView> = view.findings.iter().filter(|finding| finding.code == rule.code).collect();
    let failures = found.iter().filter(|finding| view.fails_at(finding)).count().to_string();
    let skipped = found.iter().filter(|finding| !finding.is_told()).count().to_string();
    let (tests, number, name) = (found.len().max(1).to_string(), number.to_string(), format!("{} {}", rule.code, rule.name));
    let attributes = attributes(&name, &number, &tests, &failures, &skipped);
    xml.create_element("testsuite").with_attributes(attributes).write_inner_content(|xml| {
        properties(xml, rule.group.words())?;
        if found.is_empty() {
            case(xml, rule.name, &rule.manual().title).write_empty()?;
        }
        found.iter().try_for_each(|finding| finding_case(xml, view, rule, finding))?;
        let told = found.iter().filter(|finding| finding.is_told() && !view.fails_at(finding));
        let told: Vec<String> = told.map(|finding| text_of(finding)).collect();
        xml.create_element("system-out").write_text_content(BytesText::new(&told.join("\n\n")))?;
        xml.create_element("system-err").write_empty()?;
        Ok(())
    })?;
    Ok(())
}

fn finding_case(xml: &mut Xml, view: &FindingsView, rule: &Rule, finding: &FindingView) -> Result<()> {
    let path = if finding.place.path.is_empty() { String::new() } else { format!(": {}", finding.place.path) };
    let element = case(xml, rule.name, &format!("{}{path}", finding.object.title()));
    let message = clean(&finding.message);
    let text = text_of(finding);
    match &finding.allowed {
        Some(allowed) => element.write_inner_content(|xml| {
            let why = clean(&format!("allowed by {}: {}", allowed.by, allowed.reason));
            xml.create_element("skipped").write_text_content(BytesText::new(&why))?;
            Ok(())
        })?,
        None if finding.is_known() => element.write_inner_content(|xml| {
            xml.create_element("skipped").write_text_content(BytesText::new("known from the baseline"))?;
            Ok(())
        })?,
        None if view.fails_at(finding) => element.write_inner_content(|xml| {
            let attributes = [("message", message.as_str()), ("type", finding.severity)];
            xml.create_element("failure").with_attributes(attributes).write_text_content(BytesText::new(&text))?;
            Ok(())
        })?,
        None => element.write_empty()?,
    };
    Ok(())
}

fn case<'x>(xml: &'x mut Xml, class: &str, name: &str) -> quick_xml::writer::ElementWriter<'x, Cursor<Vec<u8>>> {
    let name: Vec<&str> = name.split_whitespace().collect();
    let attributes = [("name", clean(&name.join(" "))), ("classname", class.to_owned()), ("time", "0".to_owned())];
    let element = xml.create_element("testcase");
    attributes.iter().fold(element, |element, (name, value)| element.with_attribute((*name, value.as_str())))
}

fn text_of(finding: &FindingView) -> String {
    clean(&format!("{}\n{}", finding.place.shown(), finding.text()))
}

/// Without the letters that XML has no way to write.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|&letter| letter >= ' ' || matches!(letter, '\n' | '\t'))
        .filter(|letter| !matches!(letter, '\u{fffe}' | '\u{ffff}'))
        .collect()
}
