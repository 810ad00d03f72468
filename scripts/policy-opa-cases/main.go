// Compiles OPA's published test cases to WebAssembly and judges what another program made of them.
//
//	main compile FOLDER VERSION    writes a line of JSON for each case of FOLDER
//	main judge FOLDER < results    reads a line { note, output, error } for each and writes a verdict for each
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/types"
	"github.com/open-policy-agent/opa/v1/util"
)

type compiled struct {
	ID    string  `json:"id"`
	Wasm  []byte  `json:"wasm,omitempty"`
	Input *string `json:"input,omitempty"`
	Data  *string `json:"data,omitempty"`
	Error string  `json:"error,omitempty"`
	// What the case expects, for who judges it elsewhere.
	WantDefined *bool             `json:"want_defined,omitempty"`
	WantResult  *[]map[string]any `json:"want_result,omitempty"`
	WantError   *string           `json:"want_error,omitempty"`
}

type result struct {
	ID     string  `json:"id"`
	Output *string `json:"output"`
	Error  string  `json:"error"`
}

type verdict struct {
	ID     string `json:"id"`
	Passed bool   `json:"passed"`
	Why    string `json:"why,omitempty"`
}

func main() {
	ctx := context.Background()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	switch os.Args[1] {
	case "compile":
		version := ast.RegoV1
		if os.Args[3] == "v0" {
			version = ast.RegoV0
		}
		for id, tc := range load(os.Args[2]) {
			check(encoder.Encode(compile(ctx, id, tc, version)))
		}
	case "judge":
		all := load(os.Args[2])
		reader := bufio.NewReaderSize(os.Stdin, 1<<20)
		decoder := json.NewDecoder(reader)
		for decoder.More() {
			var r result
			check(decoder.Decode(&r))
			v := verdict{ID: r.ID, Passed: true}
			if err := judge(all[r.ID], r); err != nil {
				v = verdict{ID: r.ID, Why: err.Error()}
			}
			check(encoder.Encode(v))
		}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// load reads every case below a folder. A name can stand more than once: its file and its place tell them apart.
func load(folder string) map[string]cases.TestCase {
	all := map[string]cases.TestCase{}
	check(filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		bs, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var set cases.Set
		if err := util.Unmarshal(bs, &set); err != nil {
			return err
		}
		short, _ := filepath.Rel(folder, path)
		for i, tc := range set.Cases {
			all[fmt.Sprintf("%s #%d %s", short, i, tc.Note)] = tc
		}
		return nil
	}))
	return all
}

func compile(ctx context.Context, id string, tc cases.TestCase, version ast.RegoVersion) compiled {
	one := compiled{ID: id, WantDefined: tc.WantDefined, WantResult: tc.WantResult, WantError: tc.WantError}
	for name, value := range tc.Env {
		check(os.Setenv(name, value))
	}
	number := types.NewFunction([]types.Type{types.N}, types.N)
	constant := types.NewFunction([]types.Type{}, types.N)
	args := []func(*rego.Rego){
		rego.Query(tc.Query),
		rego.SetRegoVersion(version),
		rego.Capabilities(ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(tc.ExperimentalKeywords))),
		rego.FunctionDecl(&rego.Function{Name: "custom_builtin_test", Decl: number}),
		rego.FunctionDecl(&rego.Function{Name: "custom_builtin_test_impure", Decl: constant}),
		rego.FunctionDecl(&rego.Function{Name: "custom_builtin_test_memoization", Decl: constant}),
		rego.FunctionDecl(&rego.Function{
			Name: "test.sleep",
			Decl: types.NewFunction(types.Args(types.S), types.NewNull()),
		}),
	}
	for i, module := range tc.Modules {
		args = append(args, rego.Module(fmt.Sprintf("module%d.rego", i), module))
	}
	made, err := rego.New(args...).Compile(ctx)
	if err != nil {
		one.Error = err.Error()
		return one
	}
	one.Wasm = made.Bytes
	one.Input = inputOf(tc)
	if tc.Data != nil {
		one.Data = textOf(*tc.Data)
	}
	return one
}

func inputOf(tc cases.TestCase) *string {
	if tc.InputTerm != nil {
		text := ast.MustParseTerm(*tc.InputTerm).String()
		return &text
	}
	if tc.Input == nil {
		return nil
	}
	return textOf(*tc.Input)
}

func textOf(value any) *string {
	bs, err := json.Marshal(value)
	check(err)
	text := string(bs)
	return &text
}

// judge holds a result against a case as OPA's own tests of its WebAssembly do.
func judge(tc cases.TestCase, r result) error {
	failed := r.Output == nil
	switch {
	case tc.WantDefined != nil:
		if failed {
			return fmt.Errorf("ended by %s", r.Error)
		}
		if defined := len(resultsOf(*r.Output)) > 0; defined != *tc.WantDefined {
			return fmt.Errorf("defined: %v", defined)
		}
	case tc.WantResult != nil:
		if failed {
			return fmt.Errorf("ended by %s", r.Error)
		}
		return same(*tc.WantResult, *r.Output, tc.SortBindings)
	case tc.WantErrorCode != nil || tc.WantError != nil:
		// Errors that only strict mode shows are undefined results here.
		if tc.StrictError {
			if failed {
				return fmt.Errorf("ended by %s", r.Error)
			}
			return same(nil, *r.Output, false)
		}
		if !failed {
			return fmt.Errorf("expected an error, got %s", *r.Output)
		}
		return sameError(tc, r.Error)
	}
	return nil
}

func resultsOf(output string) []any {
	var results []any
	value, err := ast.JSON(ast.MustParseTerm(output).Value)
	check(err)
	check(util.NewJSONDecoder(strings.NewReader(*textOf(value))).Decode(&results))
	return results
}

func same(want []map[string]any, output string, sortBindings bool) error {
	expected := ast.NewSet()
	for _, bindings := range want {
		object := ast.NewObject()
		for name, value := range bindings {
			object.Insert(ast.StringTerm(name), ast.NewTerm(ast.MustInterfaceToValue(value)))
		}
		expected.Add(ast.NewTerm(object))
	}
	// Through JSON, so that sets become arrays as in what is expected.
	plain, err := ast.JSONWithOpt(ast.MustParseTerm(output).Value, ast.JSONOpt{SortSets: sortBindings})
	check(err)
	got := ast.NewSet()
	parsed := ast.MustParseTerm(jsonText(plain))
	parsed.Value.(*ast.Array).Foreach(func(x *ast.Term) {
		object := ast.NewObject()
		x.Value.(ast.Object).Foreach(func(name, value *ast.Term) {
			if array, ok := value.Value.(*ast.Array); ok && sortBindings {
				value = ast.NewTerm(array.Sorted())
			}
			object.Insert(name, value)
		})
		got.Add(ast.NewTerm(object))
	})
	if expected.Compare(got) != 0 {
		return fmt.Errorf("expected %v, got %v", expected, got)
	}
	return nil
}

func jsonText(value any) string {
	var text bytes.Buffer
	check(json.NewEncoder(&text).Encode(value))
	return text.String()
}

func sameError(tc cases.TestCase, got string) error {
	want := []string{"var assignment conflict", "object insert conflict"}
	if tc.WantErrorCode == nil {
		want = []string{*tc.WantError}
	} else if *tc.WantErrorCode != "eval_conflict_error" {
		return fmt.Errorf("ended by %s, expected %s", got, *tc.WantErrorCode)
	}
	for _, one := range want {
		if strings.Contains(got, one) {
			return nil
		}
	}
	return fmt.Errorf("ended by %s, expected one of %v", got, want)
}
