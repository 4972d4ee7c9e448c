//! Label selectors as text, as a scale's status holds them: `app=web,tier in (a,b),!old`.
//!
//! Source: k8s.io/apimachinery/pkg/labels/selector.go Parse and String, pkg/apis/meta/v1/helpers.go FormatLabelSelector, v1.36.

use crate::manifest::meta::{LabelSelector, SelectorRequirement};

/// A selector as text.
pub fn selector_text(selector: &LabelSelector) -> String {
    let equal = |(key, value): (&String, &String)| (key.clone(), format!("{key}={value}"));
    let set = |requirement: &SelectorRequirement| {
        let SelectorRequirement { key, operator, values } = requirement;
        let mut values = values.clone();
        values.sort();
        let text = match operator.as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        (key.clone(), text)
    };
    let mut parts: Vec<(String, String)> = selector.match_labels.iter().map(equal).collect();
    parts.extend(selector.match_expressions.iter().map(set));
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

/// Reads a selector; or says what is wrong with it, in upstream's words.
pub(super) fn parse(text: &str) -> Result<LabelSelector, String> {
    let mut parser = Parser { tokens: scan(text), position: 0 };
    let mut requirements = Vec::new();
    loop {
        let token = parser.peek();
        match token.kind {
            Kind::Word | Kind::Not => {}
            Kind::End => break,
            _ => return Err(format!("found '{}', expected: !, identifier, or 'end of string'", token.text)),
        }
        requirements.push(parser.requirement().map_err(|error| format!("unable to parse requirement: {error}"))?);
        let token = parser.next();
        match token.kind {
            Kind::End => break,
            Kind::Comma if matches!(parser.peek().kind, Kind::Word | Kind::Not) => {}
            Kind::Comma => return Err(format!("found '{}', expected: identifier after ','", parser.peek().text)),
            _ => return Err(format!("found '{}', expected: ',' or 'end of string'", token.text)),
        }
    }
    // as upstream, so that one selector has one form
    requirements.sort_by(|a: &SelectorRequirement, b| a.key.cmp(&b.key));
    Ok(LabelSelector { match_expressions: requirements, ..LabelSelector::default() })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    End,
    Open,
    Close,
    Comma,
    Not,
    Equal,
    DoubleEqual,
    NotEqual,
    Greater,
    Less,
    Word,
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    text: String,
}

fn symbol(text: &str) -> Option<Kind> {
    Some(match text {
        ")" => Kind::Close,
        "," => Kind::Comma,
        "!" => Kind::Not,
        "==" => Kind::DoubleEqual,
        "=" => Kind::Equal,
        ">" => Kind::Greater,
        "<" => Kind::Less,
        "!=" => Kind::NotEqual,
        "(" => Kind::Open,
        _ => return None,
    })
}

fn scan(text: &str) -> Vec<Token> {
    let is_symbol = |letter: char| "=!(),><".contains(letter);
    let is_blank = |letter: char| matches!(letter, ' ' | '\t' | '\r' | '\n');
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while let Some(first) = rest.chars().next() {
        let (token, length) = if is_symbol(first) {
            scan_symbol(rest.split(|letter| !is_symbol(letter)).next().unwrap_or_default())
        } else {
            let length = rest.find(|letter| is_symbol(letter) || is_blank(letter)).unwrap_or(rest.len());
            (Token { kind: Kind::Word, text: rest[..length].to_owned() }, length)
        };
        tokens.push(token);
        rest = rest[length..].trim_start_matches(is_blank);
    }
    tokens.push(Token { kind: Kind::End, text: String::new() });
    tokens
}

/// The longest operator that a run of symbols begins with, and its length. Symbols alone are one byte each.
fn scan_symbol(run: &str) -> (Token, usize) {
    for length in [2, 1] {
        if let Some((text, kind)) = run.get(..length).and_then(|text| Some((text, symbol(text)?))) {
            return (Token { kind, text: text.to_owned() }, length);
        }
    }
    (Token { kind: Kind::Error, text: format!("error expected: keyword found '{run}'") }, run.len().max(1))
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens[self.position.min(self.tokens.len() - 1)].clone()
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.position += 1;
        token
    }

    fn requirement(&mut self) -> Result<SelectorRequirement, String> {
        let mut token = self.next();
        let negated = token.kind == Kind::Not;
        if negated {
            token = self.next();
        }
        if token.kind != Kind::Word {
            return Err(format!("found '{}', expected: identifier", token.text));
        }
        let key = token.text;
        let made = |operator: &str, values| Ok(SelectorRequirement { key: key.clone(), operator: operator.to_owned(), values });
        if negated {
            return made("DoesNotExist", Vec::new());
        }
        if matches!(self.peek().kind, Kind::End | Kind::Comma) {
            return made("Exists", Vec::new());
        }
        let token = self.next();
        match token.kind {
            Kind::Word if token.text == "in" => made("In", self.values()?),
            Kind::Word if token.text == "notin" => made("NotIn", self.values()?),
            Kind::Equal | Kind::DoubleEqual => made("In", self.exact_value()?),
            Kind::NotEqual => made("NotIn", self.exact_value()?),
            Kind::Greater => made("Gt", self.exact_value()?),
            Kind::Less => made("Lt", self.exact_value()?),
            _ => Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", token.text)),
        }
    }

    fn exact_value(&mut self) -> Result<Vec<String>, String> {
        if matches!(self.peek().kind, Kind::End | Kind::Comma) {
            return Ok(vec![String::new()]);
        }
        let token = self.next();
        match token.kind {
            Kind::Word => Ok(vec![token.text]),
            _ => Err(format!("found '{}', expected: identifier", token.text)),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let token = self.next();
        if token.kind != Kind::Open {
            return Err(format!("found '{}' expected: '('", token.text));
        }
        if !matches!(self.peek().kind, Kind::Word | Kind::Comma | Kind::Close) {
            return Err(format!("found '{}', expected: ',', ')' or identifier", self.peek().text));
        }
        let mut values = Vec::new();
        loop {
            let token = self.next();
            match token.kind {
                Kind::Word => {
                    values.push(token.text);
                    match self.next() {
                        next if next.kind == Kind::Close => return Ok(values),
                        next if next.kind == Kind::Comma => {}
                        next => return Err(format!("found '{}', expected: ',' or ')'", next.text)),
                    }
                    if self.peek().kind == Kind::Close {
                        self.position += 1;
                        values.push(String::new());
                        return Ok(values);
                    }
                }
                Kind::Comma => values.push(String::new()),
                Kind::Close => {
                    values.push(String::new());
                    return Ok(values);
                }
                _ => return Err(format!("found '{}', expected: ',', or identifier", token.text)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for text in ["app=web", "app=web,tier in (a,b)", "!old,app=web", "app notin (x)", "app"] {
            let selector = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let printed = selector_text(&selector);
            assert_eq!(parse(&printed).as_ref(), Ok(&selector), "{text} printed as {printed}");
        }
    }

    #[test]
    fn errors_are_upstreams() {
        for (text, error) in [
            ("a==b==c", "found '==', expected: ',' or 'end of string'"),
            ("a=b,", "found '', expected: identifier after ','"),
            ("=b", "found '=', expected: !, identifier, or 'end of string'"),
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("a=(", "unable to parse requirement: found '(', expected: identifier"),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
    }
}
