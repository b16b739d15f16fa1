/** What training reads: sequences by their global numbers, with the word of a teacher or without. */
package org.xecomla.train.data;
