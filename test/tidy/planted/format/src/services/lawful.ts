export const tidy = 'single quotes'
