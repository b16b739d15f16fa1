/**
 * The template language of Hugging Face's chat templates, interpreted: Jinja2 as transformers sets it up (a sandbox
 * whose lists and dictionaries cannot be changed, {@code trim_blocks}, {@code lstrip_blocks}, {@code break} and {@code
 * continue}, {@code generation} blocks). What Jinja2 would write, or an error; never something else.
 *
 * <p>A template is hostile until shown otherwise. It sees values of {@link org.xecomla.corpus.chat.jinja.value} and no
 * object of the JVM; there is no reflection. What it makes, its steps and its depth are bounded.
 */
package org.xecomla.corpus.chat.jinja;
