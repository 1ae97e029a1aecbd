using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// The KV pool, counted in pages. Which page holds what never decides anything in SGLang's scheduler, so pages have no
/// identity here; who owns how many is checked in the tests.
/// </summary>
internal sealed class TokenPool(int pages, int pageSize)
{
    /// <summary>Pages in all.</summary>
    public int Pages { get; } = pages;

    /// <summary>Pages that nobody owns.</summary>
    public int FreePages { get; private set; } = pages;

    /// <summary>Tokens that nobody owns (the trace's <c>avail</c>).</summary>
    public int FreeTokens => FreePages * pageSize;

    /// <summary>Takes pages out of the pool.</summary>
    /// <exception cref="SgLangOutOfMemoryException">Too few are free, which ends a real server.</exception>
    public void Take(int pages)
    {
        if (pages > FreePages)
        {
            throw new SgLangOutOfMemoryException(pages, FreePages);
        }

        FreePages -= pages;
    }

    /// <summary>Gives pages back.</summary>
    public void Give(int pages)
    {
        Invariant.That(pages >= 0);
        FreePages += pages;
        Invariant.That(FreePages <= Pages);
    }
}
