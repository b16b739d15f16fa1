/** Llama: grouped-query attention in every layer. */
package org.xecomla.formats.llama;
