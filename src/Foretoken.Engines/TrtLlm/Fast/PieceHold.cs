namespace Foretoken.Engines.TrtLlm.Fast;

/// <summary>A request's hold on blocks [Low, High), which end in <see cref="Piece"/> and may begin in the pieces split off below it.</summary>
internal struct PieceHold
{
    public int Piece;
    public int Low;
    public int High;
}
