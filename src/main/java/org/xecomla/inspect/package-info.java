/** What lies in a directory or a file, said in human words. */
package org.xecomla.inspect;
