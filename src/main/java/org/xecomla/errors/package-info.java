/** What a person can mend, told in words for that person. Everything may use it; it uses nothing. */
package org.xecomla.errors;
