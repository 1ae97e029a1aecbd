namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// A planned batch does not fit into the KV pool. SGLang plans prefills with an estimate of what running requests will still
/// need; where the estimate was too low for a batch that cannot be taken back, the real server stops with an error too.
/// </summary>
internal sealed class SgLangOutOfMemoryException(int needed, int free)
    : Exception($"the SGLang engine ran out of KV memory: a batch needs {needed} pages and {free} are free; SGLang would stop here");
