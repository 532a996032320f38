// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The report as one page for a browser or a printer: nothing is loaded, and no script runs.
package enum HTMLReport {
    /// Writes a report down.
    package static func render(_ report: ProbeReport) -> String {
        var page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>SCEP conformance of \(escape(report.url))</title>
            <style>\(style)</style>
            </head>
            <body>
            <h1>SCEP conformance</h1>

            """
        page += head(report) + failures(report) + needs(report)
        for part in RequirementPart.allCases {
            page += table(part, report.results.filter { $0.part == part })
        }
        page += exchanges(report) + legend
        return page + "</body>\n</html>\n"
    }

    private static func head(_ report: ProbeReport) -> String {
        let counts = Outcome.allCases.map { outcome in
            "<li class=\"\(name(outcome))\"><b>\(report.count(outcome))</b> \(outcome.rawValue)</li>"
        }
        let verdict = report.conforms ? "pass" : "fail"
        var head = """
            <p class="verdict \(verdict)">\(escape(sentence(report)))</p>
            <ul class="counts">\(counts.joined())</ul>
            <dl>
            <dt>Server</dt><dd>\(escape(report.url))</dd>
            <dt>Measured against</dt><dd>\(escape(ExpectationProfile.named(report.profile)?.title ?? report.profile))</dd>
            <dt>When</dt><dd>\(escape(report.started)), \(report.exchanges.count) requests in \(ReportWords.seconds(report.seconds)), \
            by sceptic \(escape(report.version))</dd>
            <dt>GetCACaps</dt><dd>\(escape(report.capabilities.isEmpty ? "nothing" : report.capabilities.joined(separator: ", ")))</dd>
            <dt>GetCACert</dt><dd>\(report.caCertificates.map(escape).joined(separator: "<br>"))</dd>
            </dl>

            """
        for note in report.notes { head += "<p class=\"note\">\(escape(note))</p>\n" }
        head += "<nav>"
        head += RequirementPart.allCases.map { "<a href=\"#part-\($0.rawValue)\">\(escape($0.title))</a>" }
            .joined(separator: " · ")
        return head + "</nav>\n"
    }

    private static func sentence(_ report: ProbeReport) -> String {
        guard !report.conforms else {
            return "Every MUST and MUST NOT that could be tested from outside holds."
        }
        let count = report.mandatoryFailures.count + report.needs.count { $0.outcome == .fail }
        return count == 1
            ? "One requirement that is a MUST does not hold." : "\(count) requirements that are a MUST do not hold."
    }

    /// What does not hold comes first: most readers look for nothing else.
    private static func failures(_ report: ProbeReport) -> String {
        let failed = report.results.filter { $0.outcome == .fail }
        guard !failed.isEmpty else { return "" }
        let mandatory = failed.filter(\.isMandatoryFailure)
        let rest = failed.filter { !$0.isMandatoryFailure }
        var section = "<h2 id=\"failures\">What does not hold</h2>\n<ul>\n"
        for row in mandatory + rest {
            let level = row.counts ? row.level.rawValue : "told only"
            section +=
                "<li><a href=\"#r\(row.number)\">\(row.number)</a> <b>\(escape(level))</b> \(escape(row.text))</li>\n"
        }
        return section + "</ul>\n"
    }

    private static func needs(_ report: ProbeReport) -> String {
        guard !report.needs.isEmpty else { return "" }
        var section = "<h2>What this kind of client needs</h2>\n<table><tbody>\n"
        for need in report.needs {
            section += "<tr class=\"\(name(need.outcome))\"><td>\(escape(need.name))</td>"
            section += "<td class=\"outcome\">\(need.outcome.rawValue)</td>"
            section +=
                "<td>\(escape(need.text))<br><small>\(escape(need.reason)); seen: \(escape(need.seen))</small></td></tr>\n"
        }
        return section + "</tbody></table>\n"
    }

    private static func table(_ part: RequirementPart, _ rows: [RequirementResult]) -> String {
        var section = """
            <h2 id="part-\(part.rawValue)">\(escape(part.title))</h2>
            <table>
            <thead><tr><th>No.</th><th>RFC&nbsp;8894</th><th>Level</th><th>Result</th><th>Requirement and what was seen</th></tr></thead>
            <tbody>

            """
        for row in rows {
            let section8894 = row.section.isEmpty ? "" : "§ " + row.section
            section += "<tr id=\"r\(row.number)\" class=\"\(name(row.outcome))\">"
            section += "<td><a href=\"#r\(row.number)\">\(row.number)</a></td><td>\(escape(section8894))</td>"
            section += "<td>\(escape(row.level.rawValue))</td><td class=\"outcome\">\(row.outcome.rawValue)</td>"
            section += "<td>\(escape(row.text))\(details(row))</td></tr>\n"
        }
        return section + "</tbody></table>\n"
    }

    private static func details(_ row: RequirementResult) -> String {
        var details: [String] = []
        for finding in row.findings {
            let link = finding.exchange.map { " <a href=\"#x\($0)\">[\($0)]</a>" } ?? ""
            if let expected = finding.expected {
                details.append("expected <i>\(escape(expected))</i>, seen <i>\(escape(finding.seen))</i>\(link)")
            } else {
                details.append("\(escape(finding.seen))\(link)")
            }
        }
        if let reason = row.reason { details.append(escape(reason)) }
        if let remark = row.remark { details.append("this profile: \(escape(remark))") }
        return details.map { "<br><small>\($0)</small>" }.joined()
    }

    private static func exchanges(_ report: ProbeReport) -> String {
        var section =
            "<h2 id=\"requests\">The requests</h2>\n<table><thead><tr><th>No.</th><th>Request</th><th>Answer</th><th>ms</th></tr></thead>\n<tbody>\n"
        for exchange in report.exchanges {
            section += "<tr id=\"x\(exchange.number)\"><td>\(exchange.number)</td><td>\(escape(exchange.label))</td>"
            section += "<td>\(escape(exchange.answer))</td><td>\(exchange.milliseconds)</td></tr>\n"
        }
        return section + "</tbody></table>\n"
    }

    private static func name(_ outcome: Outcome) -> String {
        switch outcome {
        case .pass: "pass"
        case .fail: "fail"
        case .notTestable: "none"
        case .skipped: "skipped"
        }
    }

    /// A server's words are text, whatever they look like.
    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }

    private static let legend = """
        <h2 id="legend">How to read this</h2>
        <p>The number is that of the requirement in Sceptic's list of RFC 8894. The level is the RFC's own word; DEF is something that
        the RFC defines without such a word, CMS comes from a standard that it builds on, ADV is advice from the field. <b>fail</b>
        at MUST and MUST NOT means that the server does not conform; elsewhere, that some client may have trouble. <b>not testable</b>
        says why. Numbers in brackets lead to the request in which something was seen.</p>

        """

    private static let style = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1a1a1a;background:#fff}
        h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid #ccc}
        th{border-bottom:2px solid #555}td:first-child,th:first-child{white-space:nowrap}
        small{color:#444}a{color:#0b4f8a}dt{font-weight:600;float:left;clear:left;width:10rem}dd{margin:0 0 .3rem 10.5rem}
        .counts{list-style:none;padding:0;display:flex;gap:1rem;flex-wrap:wrap}.counts li{border:1px solid;border-radius:4px;padding:.2rem .7rem}
        .verdict{font-size:1.15rem;font-weight:600;border-left:.5rem solid;padding-left:.7rem}.note{font-style:italic}
        .outcome{font-weight:600;white-space:nowrap}
        .pass .outcome,.counts .pass,.verdict.pass{color:#14602b}.fail .outcome,.counts .fail,.verdict.fail{color:#a31515}
        .none .outcome,.counts .none{color:#555}.skipped .outcome,.counts .skipped{color:#7a5200}
        tr.fail{background:#fdf0f0}tr:target{outline:2px solid #0b4f8a}
        @media print{body{margin:0;max-width:none;font-size:10pt}tr{break-inside:avoid}a{color:inherit;text-decoration:none}nav{display:none}}
        """
}
