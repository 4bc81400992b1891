// Package template checks what users add to generated objects, before an object with it is refused halfway through a change.
//
// Every function returns one sentence for each problem; each begins with the path of the field.
package template
