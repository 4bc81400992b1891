package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/install"
)

func TestInstallPrintsWhatWasAskedFor(t *testing.T) {
	cases := map[string]struct {
		arguments []string
		want      install.Options
	}{
		"without a word":    {nil, install.Options{Namespace: "castellan"}},
		"another namespace": {[]string{"--namespace=kafka"}, install.Options{Namespace: "kafka"}},
		"watched namespaces": {
			[]string{"--namespace=kafka", "--watch-namespaces=orders,payments"},
			install.Options{Namespace: "kafka", Watch: []string{"orders", "payments"}},
		},
		"all namespaces":     {[]string{"--watch-namespaces=*"}, install.Options{Namespace: "castellan", Watch: []string{"*"}}},
		"images from others": {[]string{"--registry=r.example.com/c"}, install.Options{Namespace: "castellan", Registry: "r.example.com/c"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want, err := install.Operator(c.want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := run(t, append([]string{"install"}, c.arguments...)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("manifests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInstallRefusesWhatCannotBe(t *testing.T) {
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"a namespace":                   {[]string{"--namespace=A"}, `namespace "A": expected`},
		"no watched namespaces at all":  {[]string{"--watch-namespaces="}, `watched namespace "": expected`},
		"a comma at the end":            {[]string{"--watch-namespaces=a,"}, `watched namespace "": expected`},
		"the same namespace once more":  {[]string{"--watch-namespaces=a,a"}, `watched namespace "a" comes twice`},
		"all namespaces and one of all": {[]string{"--watch-namespaces=*,a"}, `expected names, or * alone`},
		"a registry with a scheme":      {[]string{"--registry=https://r"}, `registry "https://r": expected`},
		"an argument":                   {[]string{"now"}, `unknown command "now"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stdout, err := run(t, append([]string{"install"}, c.arguments...)...)
			checkRefusal(t, stdout, err, []string{c.want})
		})
	}
}
