// An extension module that needs what is newer than the policy's glibc and libstdc++ in the image.
#include <Python.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace {

PyObject *check(PyObject *, PyObject *argument) {
    const double x = PyFloat_AsDouble(argument);
    const double value = std::pow(x, 1.5) + std::exp(x) + std::log(x);  // GLIBC_2.29 there
    const std::filesystem::path folder = std::filesystem::temp_directory_path();
    bool woken = false;
    std::mutex mutex;
    std::condition_variable condition;
    std::thread waker([&] {
        const std::lock_guard<std::mutex> lock(mutex);
        woken = true;
        condition.notify_one();
    });
    {
        std::unique_lock<std::mutex> lock(mutex);
        // GLIBC_2.30 there, with a steady clock
        condition.wait_until(lock, std::chrono::steady_clock::now() + std::chrono::seconds(9),
                             [&] { return woken; });
    }
    waker.join();
    try {
        std::filesystem::file_size(folder / "there is no such file");
    } catch (const std::filesystem::filesystem_error &) {
        const bool fine = woken && std::filesystem::is_directory(folder);
        return Py_BuildValue("(dO)", value, fine ? Py_True : Py_False);
    }
    throw std::logic_error("unreachable");
}

PyMethodDef methods[] = {{"check", check, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};
PyModuleDef module = {PyModuleDef_HEAD_INIT, "ceiling", nullptr, -1, methods,
                      nullptr,               nullptr,   nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_ceiling() { return PyModule_Create(&module); }
