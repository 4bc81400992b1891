// Package template checks what users add to generated objects, before an object with it is refused halfway through a change, and
// puts what they say about processes into the words of plans.
//
// What checks returns one sentence for each problem; each begins with the path of the field.
package template
