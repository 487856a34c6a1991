// Package ons reads the code history of the Office for National Statistics: per entity type one file of JSON, with the
// versions of each area, their names, parents, first and last days.
//
// An area is an organisation under its code. A file names parents that other files hold, or none of the files given; so
// the files are read three times: to see which areas there are, to establish them, and to say what became of them.
package ons
