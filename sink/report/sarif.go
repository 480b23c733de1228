package report

import (
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// The parts of SARIF 2.1.0 that are written.
//
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Automation  sarifAutomation   `json:"automationDetails"`
		Invocations []sarifInvocation `json:"invocations"`
		Artifacts   []sarifArtifact   `json:"artifacts,omitempty"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string      `json:"id"`
		Name       string      `json:"name"`
		Short      sarifText   `json:"shortDescription"`
		Full       sarifText   `json:"fullDescription"`
		Help       sarifText   `json:"help"`
		HelpURI    string      `json:"helpUri,omitempty"`
		Config     sarifConfig `json:"defaultConfiguration"`
		Properties sarifTags   `json:"properties"`
	}
	sarifTags struct {
		Tags []string `json:"tags"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifInvocation struct {
		Successful bool   `json:"executionSuccessful"`
		Command    string `json:"commandLine,omitempty"`
	}
	sarifArtifact struct {
		Location sarifFile  `json:"location"`
		MIMEType string     `json:"mimeType"`
		Contents *sarifText `json:"contents,omitempty"`
	}
	sarifFile struct {
		URI   string `json:"uri"`
		Index int    `json:"index"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Count        int                `json:"occurrenceCount"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   sarifProperties    `json:"properties"`
	}
	sarifProperties struct {
		Blame     annotate.Blame `json:"blame,omitempty"`
		Exchanges int            `json:"exchanges"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifPhysical struct {
		File   sarifFile    `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine   int        `json:"startLine"`
		StartColumn int        `json:"startColumn,omitempty"`
		EndColumn   int        `json:"endColumn,omitempty"`
		Snippet     *sarifText `json:"snippet,omitempty"`
	}
)

// WriteSARIF writes a result for each group. Results point into a file of
// transcripts, which WriteTranscripts writes beside file; where there is none,
// the transcripts are in the SARIF file itself.
func WriteSARIF(w io.Writer, r *Report, file string) error {
	pages := layOut(r)
	artifact := sarifArtifact{Location: sarifFile{URI: "transcripts.txt"}, MIMEType: "text/plain"}
	if file == "" {
		artifact.Contents = &sarifText{Text: strings.Join(pages.lines, "\n") + "\n"}
	} else {
		artifact.Location.URI = url.PathEscape(filepath.Base(file) + ".txt")
	}
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "sidenote", Version: sarifVersion(r.Version), Rules: []sarifRule{}}},
		Automation:  sarifAutomation{"sidenote/"},
		Invocations: []sarifInvocation{{Successful: true, Command: text(r.Title)}},
		Artifacts:   []sarifArtifact{artifact},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
	}
	index := make(map[*annotate.Rule]int)
	for _, g := range r.Groups {
		i, known := index[g.Rule]
		if !known {
			i = len(run.Tool.Driver.Rules)
			index[g.Rule] = i
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(g.Rule))
		}
		run.Results = append(run.Results, sarifResultOf(g, i, artifact.Location, &pages))
	}
	return writeJSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// sarifVersion returns a version that begins with a digit, as tools compare them.
func sarifVersion(v string) string {
	v = strings.TrimPrefix(v, "v")
	if v == "" || v[0] < '0' || v[0] > '9' {
		return "0.0.0-devel"
	}
	return v
}

func sarifRuleOf(r *annotate.Rule) sarifRule {
	out := sarifRule{
		ID: r.ID, Name: pascal(r.ID), Short: sarifText{Text: wording.Sentence(r.Title)}, Full: sarifText{Text: wording.Sentence(r.Doc)},
		Config: sarifConfig{sarifLevel(r.Severity)}, Properties: sarifTags{[]string{"http", r.Topic()}},
	}
	if out.Full.Text == "" {
		out.Full = out.Short
	}
	help, markdown := wording.Sentence(r.Doc), markdownLines(wording.Sentence(r.Doc))
	if r.Help != "" {
		help += "\n\nTo do: " + wording.Sentence(r.Help)
		markdown += "\n\n**To do**: " + printable.MarkdownText(wording.Sentence(r.Help))
	}
	var links []string
	for _, ref := range r.Refs {
		if u := annotate.RefURL(ref); u != "" {
			if out.HelpURI == "" {
				out.HelpURI = u
			}
			links = append(links, "["+printable.MarkdownText(ref)+"]("+u+")")
		} else {
			links = append(links, printable.MarkdownText(ref))
		}
	}
	if len(links) > 0 {
		help += "\n\nSee " + strings.Join(r.Refs, ", ") + "."
		markdown += "\n\nSee " + strings.Join(links, ", ") + "."
	}
	out.Help = sarifText{strings.TrimSpace(help), strings.TrimSpace(markdown)}
	return out
}

// pascal makes a name of an ID as SARIF wants it: "StatusMissingAllow".
func pascal(id string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(id, func(r rune) bool { return r == '/' || r == '-' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func sarifLevel(s annotate.Severity) string {
	switch s {
	case annotate.Error:
		return "error"
	case annotate.Warn:
		return "warning"
	}
	return "note"
}

func sarifResultOf(g *Group, rule int, file sarifFile, p *pages) sarifResult {
	first := &g.Examples[0]
	message := text(g.Where()) + ": " + text(first.Message) + "."
	if first.Help != "" {
		message += " To do: " + wording.Sentence(text(first.Help))
	}
	out := sarifResult{
		RuleID: g.Rule.ID, RuleIndex: rule, Level: sarifLevel(g.Severity), Message: sarifText{Text: message},
		Fingerprints: map[string]string{"primaryLocationLineHash": g.Fingerprint(), "sidenote/v1": g.Fingerprint()},
		Count:        g.Notes, Properties: sarifProperties{g.Blame, g.Exchanges},
	}
	for i := range g.Examples {
		e := &g.Examples[i]
		l := sarifLocation{Physical: sarifPhysical{file, p.region(e)}}
		if i == 0 {
			l.Logical = []sarifLogical{{text(g.SteadyWhere()), "resource"}}
			out.Locations = append(out.Locations, l)
			continue
		}
		l.ID, l.Message = i, &sarifText{Text: text(e.Message) + "."}
		out.Related = append(out.Related, l)
	}
	if g.IsAccepted() {
		out.Suppressions = []sarifSuppression{{"external", text(g.Reason)}}
	}
	return out
}

// region is the place of an example in the file of transcripts; its first line
// where there was no room for a transcript.
func (p *pages) region(e *Example) *sarifRegion {
	at, ok := p.start[e.Transcript]
	if !ok || e.Index < 0 {
		return &sarifRegion{StartLine: 1}
	}
	for i, l := range e.Transcript.Lines {
		for _, n := range l.Notes {
			if n != e.Index {
				continue
			}
			out := &sarifRegion{StartLine: at + i, Snippet: &sarifText{Text: l.Text}}
			if len(l.Spans) > 0 {
				before := len(l.Mark) + 1 // in the file
				out.StartColumn = before + utf8.RuneCountInString(l.Text[:l.Spans[0].Start]) + 1
				out.EndColumn = before + utf8.RuneCountInString(l.Text[:l.Spans[0].End]) + 1
				out.Snippet.Text = l.Text[l.Spans[0].Start:l.Spans[0].End]
			}
			return out
		}
	}
	return &sarifRegion{StartLine: at}
}
