/**
 * Documents, conversations and preferences as they lie in files: JSON lines and arrays, Parquet, plain text;
 * what of them is dropped.
 */
package org.xecomla.corpus.text;
