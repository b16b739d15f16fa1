/** The command line: parses arguments, loads the configuration, calls one command. The only package that prints. */
package org.xecomla.cli;
