/* pack_entries of entries.py in C: one pass over objects that are seldom in the processor's cache. That file is the reference,
 * and tests/formats/test_entries.py gives both the same cases. Nothing is read or written outside of the buffers.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

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
    {"pack_entries", pack_entries, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_entries", .m_size = 0, .m_methods = functions};

PyMODINIT_FUNC PyInit__entries(void)
{
    return PyModuleDef_Init(&definition);
}
