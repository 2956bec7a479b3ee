/* The loops of byte_loops.py in C. That file is the reference: what is said there of arguments, results and errors holds here,
 * and tests/core/test_byte_loops.py gives both the same cases. No loop here is run over more than some 256 KB at once, so the
 * interpreter's lock stays held. Nothing is read outside of the buffers, whatever the arguments are.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* A sum of at most 255 ones fits into a byte, and a loop over bytes alone is one that compilers turn into vectors. */
#define FEW_BYTES 255

static Py_ssize_t line_feeds(const char *text, Py_ssize_t size)
{
    Py_ssize_t sum = 0;
    while (size > 0) {
        Py_ssize_t few = size < FEW_BYTES ? size : FEW_BYTES;
        unsigned char found = 0;
        for (Py_ssize_t place = 0; place < few; place++)
            found += text[place] == '\n';
        sum += found;
        text += few;
        size -= few;
    }
    return sum;
}

static PyObject *count_line_feeds(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size, start, stop;
    if (!PyArg_ParseTuple(args, "y#nn:count_line_feeds", &text, &size, &start, &stop))
        return NULL;
    if (stop > size)
        stop = size;
    return PyLong_FromSsize_t(start < 0 || start > stop ? 0 : line_feeds(text + start, stop - start));
}

static PyObject *behind_line_feed(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size, start, stop, number;
    if (!PyArg_ParseTuple(args, "y#nnn:behind_line_feed", &text, &size, &start, &stop, &number))
        return NULL;
    if (stop > size)
        stop = size;
    for (; number > 0; number--) {
        const char *found = start < 0 || start >= stop ? NULL : memchr(text + start, '\n', stop - start);
        if (found == NULL) {
            PyErr_SetString(PyExc_ValueError, "the text has fewer lines");
            return NULL;
        }
        start = found - text + 1;
    }
    return PyLong_FromSsize_t(start);
}

/* Writes the texts as lines, for which there is room; returns how many, or 0 where something else stands between them. */
static Py_ssize_t write_lines(char **out, const char *place, const char *end, const char *separator, Py_ssize_t separator_size)
{
    for (Py_ssize_t count = 1;; count++) {
        const char *quote = memchr(place, '"', end - place);
        Py_ssize_t size = (quote == NULL ? end : quote) - place;
        memcpy(*out, place, size);
        (*out)[size] = '\n';
        *out += size + 1;
        if (quote == NULL)
            return count;
        if (end - quote < separator_size || memcmp(quote, separator, separator_size) != 0)
            return 0;
        place = quote + separator_size;
    }
}

static PyObject *cut_like_texts(PyObject *module, PyObject *args)
{
    const char *data, *prefix, *separator, *tail;
    Py_ssize_t size, start, prefix_size, separator_size, tail_size;
    if (!PyArg_ParseTuple(args, "y#ny#y#y#:cut_like_texts", &data, &size, &start, &prefix, &prefix_size, &separator,
                          &separator_size, &tail, &tail_size))
        return NULL;
    if (start < 0 || start > size || size - start < prefix_size + tail_size || separator_size < 1 || *separator != '"'
        || memcmp(data + start, prefix, prefix_size) != 0 || memcmp(data + size - tail_size, tail, tail_size) != 0)
        Py_RETURN_NONE;
    const char *first = data + start + prefix_size, *end = data + size - tail_size;
    /* A separator is at least as long as the line feed that is written for it; the last text has no separator. */
    PyObject *lines = PyBytes_FromStringAndSize(NULL, end - first + 1);
    if (lines == NULL)
        return NULL;
    char *written = PyBytes_AS_STRING(lines), *out = written;
    Py_ssize_t count = write_lines(&out, first, end, separator, separator_size);
    if (count < 2 || memchr(written, '\\', out - written) != NULL || line_feeds(written, out - written) != count) {
        Py_DECREF(lines);
        Py_RETURN_NONE;
    }
    if (_PyBytes_Resize(&lines, out - written) < 0)
        return NULL;
    return Py_BuildValue("Nn", lines, count);
}

/* Entries so far ahead are fetched into the processor's cache, since they have not been looked at for a while. */
#define AHEAD 8
#define CACHE_LINE 64
#define MOST_HEAD_BYTES 5
#define MOST_GUESSED_BYTES 4096

static void fetch(PyObject *entry)
{
#if defined(__GNUC__)
    for (int line = 0; line < 3; line++)
        __builtin_prefetch((const char *)entry + line * CACHE_LINE);
#endif
}

/* Writes one byte, and the length behind it in so many bytes, the greatest first. */
static char *write_head(char *out, int code, size_t length, int length_bytes)
{
    *out++ = (char)code;
    while (length_bytes-- > 0)
        *out++ = (char)(length >> 8 * length_bytes);
    return out;
}

static char *write_array_head(char *out, size_t length)
{
    if (length < 16)
        return write_head(out, 0x90 | (int)length, 0, 0);
    return length <= UINT16_MAX ? write_head(out, 0xdc, length, 2) : write_head(out, 0xdd, length, 4);
}

static char *write_entry_head(char *out, size_t length)
{
    if (length <= UINT8_MAX)
        return write_head(out, 0xc4, length, 1);
    return length <= UINT16_MAX ? write_head(out, 0xc5, length, 2) : write_head(out, 0xc6, length, 4);
}

struct packing {
    PyObject *packed; /* NULL after a failure */
    char *out;
    size_t room; /* behind `out` */
};

static int pack_bytes(struct packing *to, const char *entry, size_t length)
{
    if (length > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "an entry of 4 GiB or more cannot be packed");
        return -1;
    }
    if (to->room < MOST_HEAD_BYTES + length) {
        size_t used = to->out - PyBytes_AS_STRING(to->packed);
        to->room += used / 2 + MOST_HEAD_BYTES + length;
        if (_PyBytes_Resize(&to->packed, (Py_ssize_t)(used + to->room)) < 0)
            return -1;
        to->out = PyBytes_AS_STRING(to->packed) + used;
    }
    char *behind_head = write_entry_head(to->out, length);
    memcpy(behind_head, entry, length);
    to->room -= behind_head + length - to->out;
    to->out = behind_head + length;
    return 0;
}

static int pack_entry(struct packing *to, PyObject *entry)
{
    if (PyBytes_Check(entry))
        return pack_bytes(to, PyBytes_AS_STRING(entry), (size_t)PyBytes_GET_SIZE(entry));
    Py_buffer buffer; /* keeps the entry alive */
    if (PyObject_GetBuffer(entry, &buffer, PyBUF_SIMPLE) < 0)
        return -1;
    int result = pack_bytes(to, buffer.buf, (size_t)buffer.len);
    PyBuffer_Release(&buffer);
    return result;
}

/* A buffer may be a class in Python, which can do anything: also take entries away. */
static int is_as_long(PyObject *entries, Py_ssize_t count)
{
    if (PyList_GET_SIZE(entries) == count)
        return 1;
    PyErr_SetString(PyExc_RuntimeError, "the list of entries was changed while they were packed");
    return 0;
}

/* One pass: what all entries need is guessed from the first one, and more is asked for where that was too little. */
static PyObject *pack_entries(PyObject *module, PyObject *entries)
{
    if (!PyList_Check(entries)) {
        PyErr_SetString(PyExc_TypeError, "the entries are no list");
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(entries), each = MOST_HEAD_BYTES;
    if (count > 0 && PyBytes_Check(PyList_GET_ITEM(entries, 0)))
        each += Py_MIN(PyBytes_GET_SIZE(PyList_GET_ITEM(entries, 0)), MOST_GUESSED_BYTES);
    struct packing to = {PyBytes_FromStringAndSize(NULL, MOST_HEAD_BYTES + count * each), NULL, 0};
    if (to.packed == NULL)
        return NULL;
    to.out = write_array_head(PyBytes_AS_STRING(to.packed), (size_t)count);
    to.room = (size_t)(count * each);
    for (Py_ssize_t number = 0; number < count; number++) {
        if (number + AHEAD < count)
            fetch(PyList_GET_ITEM(entries, number + AHEAD));
        if (pack_entry(&to, PyList_GET_ITEM(entries, number)) < 0 || !is_as_long(entries, count)) {
            Py_XDECREF(to.packed);
            return NULL;
        }
    }
    if (_PyBytes_Resize(&to.packed, to.out - PyBytes_AS_STRING(to.packed)) < 0)
        return NULL;
    return to.packed;
}

static PyMethodDef functions[] = {
    {"behind_line_feed", behind_line_feed, METH_VARARGS, NULL},
    {"count_line_feeds", count_line_feeds, METH_VARARGS, NULL},
    {"cut_like_texts", cut_like_texts, METH_VARARGS, NULL},
    {"pack_entries", pack_entries, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_byte_loops", .m_size = 0, .m_methods = functions};

PyMODINIT_FUNC PyInit__byte_loops(void)
{
    return PyModuleDef_Init(&definition);
}
