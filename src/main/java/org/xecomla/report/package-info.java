/** What a person reads of a run: lines of progress while it goes on, the table at its end. */
package org.xecomla.report;
